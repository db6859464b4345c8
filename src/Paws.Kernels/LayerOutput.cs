using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Paws.Kernels;

/// <summary>The output of a layer, image by image: what lies between normalisation and convolution is in the second cache alone.</summary>
internal sealed unsafe class LayerOutput(ImageConvolution convolution)
{
    /// <summary>Images that a thread takes at a time. Their moments are added in the images' order, whoever took them.</summary>
    private const int ImagesAtOnce = 16;

    private readonly int pixels = convolution.Height * convolution.Width;
    private readonly int outputPixels = convolution.Rows * convolution.Columns;

    private int Inputs => convolution.Inputs;

    private int Outputs => convolution.Outputs;

    /// <summary>Computes y and its moments.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="norm">By which x is normalised.</param>
    /// <param name="weights">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="bias">fp32 [outputs], or null.</param>
    /// <param name="residual">bf16, like y, added before rounding; or null.</param>
    /// <param name="y">bf16 [images, rows, columns, outputs].</param>
    /// <param name="threads">How many of libtorch's threads take part.</param>
    public ChannelMoments Compute(
        int images,
        ushort* x,
        NormScale norm,
        float* weights,
        float* bias,
        ushort* residual,
        ushort* y,
        int threads
    )
    {
        var packed = ArrayPool<ushort>.Shared.Rent(convolution.PackedLength);
        var moments = new ChannelMoments[(images + ImagesAtOnce - 1) / ImagesAtOnce];
        fixed (ushort* w = packed)
        fixed (float* k = norm.Scale)
        fixed (float* b = norm.Shift)
        {
            var (to, scale, shift) = ((nint)w, (nint)k, (nint)b);
            Workers.Run(
                threads,
                t => convolution.Pack(weights, Inputs * 9, 9, turned: false, (ushort*)to, Workers.Share(convolution.Blocks, t, threads))
            );
            var taken = -1;
            Workers.Run(
                threads,
                _ =>
                {
                    for (int group; (group = Interlocked.Increment(ref taken)) < moments.Length; )
                    {
                        moments[group] = new ChannelMoments(Outputs);
                        var first = group * ImagesAtOnce;
                        Some(
                            Math.Min(ImagesAtOnce, images - first),
                            x + (nint)first * pixels * Inputs,
                            (float*)scale,
                            (float*)shift,
                            (ushort*)to,
                            bias,
                            residual is null ? null : residual + (nint)first * outputPixels * Outputs,
                            y + (nint)first * outputPixels * Outputs,
                            moments[group]
                        );
                    }
                }
            );
        }
        ArrayPool<ushort>.Shared.Return(packed);
        return ChannelMoments.Merge(moments);
    }

    private void Some(
        int images,
        ushort* x,
        float* scale,
        float* shift,
        ushort* packed,
        float* bias,
        ushort* residual,
        ushort* y,
        ChannelMoments moments
    )
    {
        var bands = convolution.BandsAtOnce;
        var scratch = Scratch.Take(
            (nuint)(convolution.TransformedLength * sizeof(ushort) + (convolution.SumsLength(bands) + 3 * Outputs) * sizeof(float) + 320)
        );
        var transformed = scratch.Numbers<ushort>(convolution.TransformedLength);
        var sums = scratch.Numbers<float>(convolution.SumsLength(bands));
        var distances = new Distances(scratch.Numbers<float>(Outputs), scratch.Numbers<float>(Outputs), scratch.Numbers<float>(Outputs));
        for (nint image = 0; image < images; image++)
        {
            convolution.Transform(x + image * pixels * Inputs, scale, shift, transformed);
            for (var band = 0; band < convolution.Bands; band += bands)
            {
                var end = Math.Min(convolution.Bands, band + bands);
                convolution.Multiply(transformed, packed, sums, band, end);
                var row = band * convolution.TileRows;
                var rows = Math.Min(convolution.Rows, end * convolution.TileRows) - row;
                var at = (image * outputPixels + row * convolution.Columns) * Outputs;
                Finish(sums, rows, bias, residual is null ? null : residual + at, y + at, row == 0, distances);
            }
            moments.Add(outputPixels, distances.Origin, distances.Sums, distances.Squares);
        }
    }

    /// <summary>Makes pixels of the parts' sums, rounds them to y and takes y's moments, as distances from the image's first pixel.</summary>
    private void Finish(float* sums, int rows, float* bias, ushort* residual, ushort* y, bool begins, Distances distances)
    {
        var (tileRows, tileColumns, columns) = (convolution.TileRows, convolution.TileColumns, convolution.Columns);
        var filtering = convolution.Filtering;
        var part = (nint)((rows + tileRows - 1) / tileRows) * convolution.Tiles * Outputs;
        for (var c = 0; c < Outputs; c += 16)
        {
            var (sum, square) = begins
                ? (Vector512<float>.Zero, Vector512<float>.Zero)
                : (Vector512.Load(distances.Sums + c), Vector512.Load(distances.Squares + c));
            var added = bias is null ? Vector512<float>.Zero : Vector512.Load(bias + c);
            var origin = Vector512.Load(distances.Origin + c);
            var first = begins;
            var from = sums + c;
            for (var row = 0; row < rows; row += tileRows)
            {
                nint at = row * columns * Outputs + c;
                for (var column = 0; column < columns; column += tileColumns)
                {
                    TileSums.Pixels(filtering, from, part, out var left, out var right, out var lowerLeft, out var lowerRight);
                    var two = tileColumns == 2 && column + 1 < columns;
                    var pixel = Put(left + added, residual, y, at);
                    if (first)
                    {
                        (origin, first) = (pixel, false);
                    }
                    sum += pixel - origin;
                    square += (pixel - origin) * (pixel - origin);
                    if (two)
                    {
                        pixel = Put(right + added, residual, y, at + Outputs) - origin;
                        sum += pixel;
                        square += pixel * pixel;
                    }
                    if (tileRows == 2 && row + 1 < rows)
                    {
                        pixel = Put(lowerLeft + added, residual, y, at + columns * Outputs) - origin;
                        sum += pixel;
                        square += pixel * pixel;
                        if (two)
                        {
                            pixel = Put(lowerRight + added, residual, y, at + (columns + 1) * Outputs) - origin;
                            sum += pixel;
                            square += pixel * pixel;
                        }
                    }
                    at += tileColumns * Outputs;
                    from += Outputs;
                }
            }
            sum.Store(distances.Sums + c);
            square.Store(distances.Squares + c);
            origin.Store(distances.Origin + c);
        }
    }

    /// <summary>Adds the residual, rounds to y, and says to what.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Put(Vector512<float> value, ushort* residual, ushort* y, nint at)
    {
        if (residual is not null)
        {
            value += Bf16.Load(residual + at);
        }
        var rounded = Bf16.RoundInPlace(value);
        Bf16.Store(rounded, y + at);
        return rounded.AsSingle();
    }

    /// <summary>Of each channel: an origin, the sum of distances from it, and of their squares.</summary>
    private readonly struct Distances(float* origin, float* sums, float* squares)
    {
        public readonly float* Origin = origin;
        public readonly float* Sums = sums;
        public readonly float* Squares = squares;
    }
}
