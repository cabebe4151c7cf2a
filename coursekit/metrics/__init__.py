"""Measures: how near two pictures are, how near two distributions are, how a code is used, how true a colour is."""

from coursekit.metrics.frechet import frechet_distance, precision_recall
from coursekit.metrics.pictures import mse, pca, psnr, ssim

__all__ = ["frechet_distance", "mse", "pca", "precision_recall", "psnr", "ssim"]
