"""What an app tells of itself: request ids, logs, metrics, traces, health.

Nothing is written on the hot path unless a sink is switched on.
"""
