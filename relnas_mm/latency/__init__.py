"""Latency of networks predicted from a table: each block is measured once on a device, a network is a sum of blocks."""

from relnas_mm.latency.table import LatencyTable, load_latency_table

__all__ = ["LatencyTable", "load_latency_table"]
