#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""
pyshepseg_tiled.py IMAGE OUTPUT.img THREADS

Segments IMAGE with pyshepseg's tiled mode as `shepseg segment --kmeans-init diagonal` does: 60 clusters from the diagonal
start, segments of at least 50 pixels, null value 0, the default sample. THREADS is 0 for no concurrency, else the number
of pyshepseg's worker threads. Prints the seconds of wall time that the segmentation took, without starting Python.
"""
import os
import sys
import time


def main():
    image, output, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    from osgeo import gdal
    from pyshepseg import tiling
    gdal.UseExceptions()
    concurrency = tiling.SegmentationConcurrencyConfig()
    if threads > 0:
        cores = os.cpu_count()
        # pyshepseg refuses as many threads as there are cores.
        os.cpu_count = lambda: max(cores, threads + 1)
        concurrency = tiling.SegmentationConcurrencyConfig(concurrencyType=tiling.CONC_THREADS, numWorkers=threads,
                                                           tileCompletionTimeout=600)
    begun = time.perf_counter()
    tiling.doTiledShepherdSegmentation(image, output, tileSize=1024, overlapSize=256, fixedKMeansInit=True,
                                       imgNullVal=0, outputDriver='HFA', tempfilesDriver='GTiff', tempfilesExt='tif',
                                       concurrencyCfg=concurrency)
    print('%.2f' % (time.perf_counter() - begun))


if __name__ == '__main__':
    main()
