"""Measures: how near two pictures are, how near two distributions are, how a code is used, how true a colour is."""

from coursekit.metrics.pictures import mse, pca, psnr, ssim

__all__ = ["mse", "pca", "psnr", "ssim"]
