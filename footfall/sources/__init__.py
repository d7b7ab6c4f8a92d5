"""The log formats Footfall reads, one file each."""

from __future__ import annotations

from footfall.sources import cloudfront, combined, common, ecommerce_csv
from footfall.sources.base import Source

SOURCES: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE for module in (combined, common, cloudfront, ecommerce_csv)
}
