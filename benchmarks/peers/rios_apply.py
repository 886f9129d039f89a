#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""
rios_apply.py TASK READERS IN OUT.tif [KEY=VALUE...]

Does with RIOS at its defaults what block_pipeline does: TASK is copy, ndvi (of bands 1 and 2) or read, READERS the number
of its read workers (0 for none), KEY=VALUE the creation options of the output. Statistics and overviews are left out, as
block_pipeline makes none. Prints the seconds that it took, without starting Python.
"""
import sys
import time


def main():
    task, readers, image, output = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    import numpy
    from rios import applier
    infiles = applier.FilenameAssociations()
    infiles.a = image
    outfiles = applier.FilenameAssociations()
    controls = applier.ApplierControls()
    controls.setOutputDriverName('GTiff')
    controls.setCreationOptions(sys.argv[5:])
    controls.setCalcStats(False)
    controls.setOmitPyramids(True)
    controls.setStatsIgnore(None)
    if readers:
        controls.setConcurrencyStyle(applier.ConcurrencyStyle(numReadWorkers=readers))
    others = applier.OtherInputs()
    others.sum = 0

    def copy(info, inputs, outputs):
        outputs.out = inputs.a

    def ndvi(info, inputs, outputs):
        red = inputs.a[0].astype(numpy.float32)
        nir = inputs.a[1].astype(numpy.float32)
        total = red + nir
        with numpy.errstate(divide='ignore', invalid='ignore'):
            result = (nir - red) / total
        result[total == 0] = -9
        outputs.out = result[None]

    def read(info, inputs, outputs, other):
        other.sum += int(inputs.a.sum(dtype=numpy.uint64))

    if task == 'ndvi':
        controls.selectInputImageLayers([1, 2])
    if task != 'read':
        outfiles.out = output
    begun = time.perf_counter()
    if task == 'read':
        applier.apply(read, infiles, outfiles, others, controls=controls)
    else:
        applier.apply({'copy': copy, 'ndvi': ndvi}[task], infiles, outfiles, controls=controls)
    print('%.4f' % (time.perf_counter() - begun))


main()
