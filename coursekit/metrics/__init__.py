"""Measures: of pictures, of sets of pictures, of codes and of colors."""

from coursekit.metrics.codes import bits_per_image, entropy_bits, perplexity, share_in_use
from coursekit.metrics.color import ciede2000, colorfulness
from coursekit.metrics.frechet import frechet_distance, precision_recall
from coursekit.metrics.images import mse, pca, psnr, ssim

__all__ = [
    "bits_per_image",
    "ciede2000",
    "colorfulness",
    "entropy_bits",
    "frechet_distance",
    "mse",
    "pca",
    "perplexity",
    "precision_recall",
    "psnr",
    "share_in_use",
    "ssim",
]
