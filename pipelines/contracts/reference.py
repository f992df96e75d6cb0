"""Schemas of the published reference tables that say of which release they are; the rest are those of `onet`."""

import dataframely as dy

from onet import tables as onet_tables


class Activity(onet_tables.Activity):
    """One row per work activity at each of the three levels, of one release."""

    onet_version = dy.String(primary_key=True, description="Release the activity comes from, or 'starter'.")


class SocGroup(onet_tables.SocGroup):
    """One row per group of the SOC: major, minor, broad, detailed, as one release needs them."""

    onet_version = dy.String(primary_key=True, description="Release whose occupations the groups hold, or 'starter'.")
