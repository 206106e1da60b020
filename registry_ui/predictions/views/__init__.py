"""Pages and fragments of predictions, of models on workers, and of the workers."""
