"""Trainings recorded in MLflow: one run each, its best and last checkpoints as logged models, its end as it really was."""
