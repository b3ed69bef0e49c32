"""What operators see of the product: probes, metrics, access log."""
