"""The fast path: statements compiled once, run on the driver, their rows straight into structs."""
