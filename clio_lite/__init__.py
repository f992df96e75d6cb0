"""Conversations turned into facets, clusters and safe summaries; knows nothing of O*NET or Dagster."""
