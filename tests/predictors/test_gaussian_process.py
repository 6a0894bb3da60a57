"""Gaussian process regression against its formulas."""

import numpy as np
import pytest
from scipy import stats

from relnas_mm.predictors.gaussian_process import LENGTH_SCALES, NOISES, GaussianProcess

pytestmark = pytest.mark.unit


def posterior(features, targets, others, length_scale, noise):
    """Mean and deviation by plain matrix inversion."""

    def kernel(first, second):
        squares = ((first[:, None] - second[None]) ** 2).mean(axis=2)
        return np.exp(-squares / (2 * length_scale**2))

    inverse = np.linalg.inv(kernel(features, features) + noise * np.eye(len(features)))
    cross = kernel(others, features)
    return cross @ inverse @ targets, np.sqrt(1 - np.einsum("ij,jk,ik->i", cross, inverse, cross))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(12, 3))
    return features, (features**2).sum(axis=1), rng.normal(size=(5, 3))


def test_the_posterior_is_that_of_the_likeliest_hyperparameters(data):
    features, losses, others = data
    process = GaussianProcess(features, losses)
    known = (features - features.mean(axis=0)) / features.std(axis=0)
    standardized = (others - features.mean(axis=0)) / features.std(axis=0)
    likelihoods = {}
    for length_scale in LENGTH_SCALES:
        for noise in NOISES:
            squares = ((known[:, None] - known[None]) ** 2).mean(axis=2)
            covariance = np.exp(-squares / (2 * length_scale**2)) + noise * np.eye(len(known))
            density = stats.multivariate_normal(np.zeros(len(known)), covariance).logpdf(process.targets)
            likelihoods[length_scale, noise] = density
    best = max(likelihoods, key=likelihoods.__getitem__)
    mean, deviation = posterior(known, process.targets, standardized, *best)
    np.testing.assert_allclose(process.predict(others), (mean, deviation), rtol=1e-6)


def test_targets_are_normal_scores_of_the_order(data):
    features, losses, _ = data
    process = GaussianProcess(features, losses)
    worst = losses.copy()
    worst[np.argmax(losses)] = np.inf  # a diverged candidate is the worst one, and no outlier
    np.testing.assert_allclose(GaussianProcess(features, worst).targets, process.targets)
    assert np.argmax(process.targets) == np.argmin(losses)
    assert process.targets.max() == pytest.approx(stats.norm.ppf(1 - 0.5 / 12))


def test_features_that_are_all_alike_say_nothing():
    process = GaussianProcess(np.ones((4, 2)), np.arange(4.0))
    mean, deviation = process.predict(np.ones((1, 2)))
    assert abs(mean[0]) < 1e-9 and deviation[0] < 1.0
