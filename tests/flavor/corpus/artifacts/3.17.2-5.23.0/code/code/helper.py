"""Comes with the model."""
