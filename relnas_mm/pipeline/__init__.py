"""From nothing to a trained detector in one folder: data, search, training, evaluation, report."""
