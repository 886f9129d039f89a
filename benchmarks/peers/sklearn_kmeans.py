#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""
sklearn_kmeans.py IMAGE [CLUSTERS]

Fits clusters with scikit-learn as `phases IMAGE` does: every fourth row and column, pixels of value 0 left out, the diagonal
start, 300 iterations of Lloyd's algorithm, one thread. Prints the seconds, the iterations and the inertia.
"""
import sys
import time


def main():
    import numpy
    from osgeo import gdal
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits
    gdal.UseExceptions()
    clusters = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    image = numpy.atleast_3d(gdal.Open(sys.argv[1]).ReadAsArray()[:, ::4, ::4])
    pixels = image.reshape(image.shape[0], -1).T
    pixels = pixels[(pixels != 0).all(axis=1)]
    low, high = pixels.min(axis=0).astype(float), pixels.max(axis=0).astype(float)
    margin = (high - low) / (clusters + 1)
    start = numpy.linspace(low + margin, high - margin, clusters).astype(pixels.dtype)
    with threadpool_limits(limits=1):
        begun = time.perf_counter()
        fit = KMeans(n_clusters=clusters, init=start, n_init=1, max_iter=300, tol=0, algorithm='lloyd').fit(pixels)
        taken = time.perf_counter() - begun
    print('%.2f s, %d iterations, inertia %.9g' % (taken, fit.n_iter_, fit.inertia_))


if __name__ == '__main__':
    main()
