"""End-to-end pipelines in one folder: data, search, training, evaluation, report."""
