#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""
pyshepseg_statistics.py IMAGE SEGMENTS.img

Computes with pyshepseg what `shepseg stats --bands 1,2,3 --stats mean,stddev,median,percentile:25,percentile:75` computes, and
writes it to the attribute table of SEGMENTS, which must have a histogram. Prints the seconds of wall time that a second run
took, in which nothing is compiled any more, and the largest difference of any number from the columns Band_1_mean, ... of
SEGMENTS, if there are any.
"""
import sys
import time


def main():
    image, segments = sys.argv[1], sys.argv[2]
    import numpy
    from osgeo import gdal
    from pyshepseg import tilingstats
    gdal.UseExceptions()

    def selection(band, prefix):
        return [(f'{prefix}{band}_mean', 'mean'), (f'{prefix}{band}_stddev', 'stddev'),
                (f'{prefix}{band}_median', 'median'), (f'{prefix}{band}_pcnt25', 'percentile', 25),
                (f'{prefix}{band}_pcnt75', 'percentile', 75)]

    tilingstats.calcPerSegmentStatsTiled(image, 1, segments, selection(1, 'warm'))
    begun = time.perf_counter()
    for band in (1, 2, 3):
        tilingstats.calcPerSegmentStatsTiled(image, band, segments, selection(band, 'peer'))
    taken = time.perf_counter() - begun

    dataset = gdal.Open(segments)
    table = dataset.GetRasterBand(1).GetDefaultRAT()
    columns = {table.GetNameOfCol(i): i for i in range(table.GetColumnCount())}
    largest = 0.0
    for name, number in columns.items():
        own = columns.get(name.replace('peer', 'Band_'))
        if name.startswith('peer') and own is not None:
            difference = numpy.abs(table.ReadAsArray(number).astype(float) - table.ReadAsArray(own).astype(float))
            largest = max(largest, float(difference[1:].max()))
    print('%.2f %.3g' % (taken, largest))


if __name__ == '__main__':
    main()
