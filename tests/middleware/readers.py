"""What a client has to read each content coding."""

import gzip

import brotli
from backports import zstd

READERS = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
