"""Measures: how near two pictures are, how near two distributions are, how a code is used, how true a colour is."""

from coursekit.metrics.codes import bits_per_image, entropy_bits, perplexity, share_in_use
from coursekit.metrics.colour import ciede2000, colourfulness
from coursekit.metrics.frechet import frechet_distance, precision_recall
from coursekit.metrics.pictures import mse, pca, psnr, ssim

__all__ = [
    "bits_per_image", "ciede2000", "colourfulness", "entropy_bits", "frechet_distance", "mse", "pca", "perplexity",
    "precision_recall", "psnr", "share_in_use", "ssim",
]
