using System.Buffers;
using System.Runtime.Intrinsics;

namespace Paws.Kernels;

/// <summary>The output of a layer, image by image: what lies between normalisation and convolution is in the second cache alone.</summary>
internal sealed unsafe class LayerOutput(ImageConvolution convolution)
{
    /// <summary>Sums of so many numbers at a time stay in the first caches beside the transformed image.</summary>
    private const int SumsAtOnce = 8 * 1024;

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
        var rows = convolution.RowsAtOnce(SumsAtOnce);
        var scratch = Scratch.Take(
            (nuint)(convolution.TransformedLength * sizeof(ushort) + (convolution.SumsLength(rows) + 3 * Outputs) * sizeof(float) + 320)
        );
        var transformed = scratch.Numbers<ushort>(convolution.TransformedLength);
        var sums = scratch.Numbers<float>(convolution.SumsLength(rows));
        var distances = new Distances(scratch.Numbers<float>(Outputs), scratch.Numbers<float>(Outputs), scratch.Numbers<float>(Outputs));
        for (nint image = 0; image < images; image++)
        {
            convolution.Transform(x + image * pixels * Inputs, scale, shift, transformed);
            for (var row = 0; row < convolution.Rows; row += rows)
            {
                var end = Math.Min(convolution.Rows, row + rows);
                convolution.Multiply(transformed, packed, sums, row, end);
                var at = (image * outputPixels + row * convolution.Columns) * Outputs;
                Finish(sums, end - row, bias, residual is null ? null : residual + at, y + at, row == 0, distances);
            }
            moments.Add(outputPixels, distances.Origin, distances.Sums, distances.Squares);
        }
    }

    /// <summary>Makes pixels of the parts' sums, rounds them to y and takes y's moments, as distances from the image's first pixel.</summary>
    private void Finish(float* sums, int rows, float* bias, ushort* residual, ushort* y, bool begins, Distances distances)
    {
        var part = rows * convolution.Tiles * Outputs;
        var step = convolution.Filtering == Filtering.Plain ? 2 : 1; // pixels of a tile
        for (var c = 0; c < Outputs; c += 16)
        {
            var (sum, square) = begins
                ? (Vector512<float>.Zero, Vector512<float>.Zero)
                : (Vector512.Load(distances.Sums + c), Vector512.Load(distances.Squares + c));
            var added = bias is null ? Vector512<float>.Zero : Vector512.Load(bias + c);
            var origin = Vector512.Load(distances.Origin + c);
            var first = begins;
            var from = sums + c;
            nint at = c;
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < convolution.Columns; column += step)
                {
                    var (p1, p2) = (Vector512.Load(from + part), Vector512.Load(from + 2 * part));
                    var value = Vector512.Load(from) + p1 + p2 + added;
                    if (residual is not null)
                    {
                        value += Bf16.Load(residual + at);
                    }
                    var rounded = Bf16.RoundInPlace(value);
                    Bf16.Store(rounded, y + at);
                    if (first)
                    {
                        (origin, first) = (rounded.AsSingle(), false);
                    }
                    var apart = rounded.AsSingle() - origin;
                    sum += apart;
                    square += apart * apart;
                    at += Outputs;
                    if (step == 2 && column + 1 < convolution.Columns)
                    {
                        value = p1 - p2 - Vector512.Load(from + 3 * part) + added;
                        if (residual is not null)
                        {
                            value += Bf16.Load(residual + at);
                        }
                        rounded = Bf16.RoundInPlace(value);
                        Bf16.Store(rounded, y + at);
                        apart = rounded.AsSingle() - origin;
                        sum += apart;
                        square += apart * apart;
                        at += Outputs;
                    }
                    from += Outputs;
                }
            }
            sum.Store(distances.Sums + c);
            square.Store(distances.Squares + c);
            origin.Store(distances.Origin + c);
        }
    }

    /// <summary>Of each channel: an origin, the sum of distances from it, and of their squares.</summary>
    private readonly struct Distances(float* origin, float* sums, float* squares)
    {
        public readonly float* Origin = origin;
        public readonly float* Sums = sums;
        public readonly float* Squares = squares;
    }
}
