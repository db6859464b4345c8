using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.Intrinsics;

namespace Paws.Kernels;

/// <summary>
/// y = convolution(max(0, scale · x + shift)) + bias [+ residual] over a batch of channels-last bf16 images, and its gradients: a
/// pre-activation layer of a residual network in one pass over memory each way. What lies between normalisation and convolution is made
/// image by image in the second cache, and again when the gradient is taken; it never is in memory.
/// 3 × 3 taps, stride 1 or 2, padded with zeros; products in bf16, sums in fp32.
/// </summary>
internal sealed unsafe class NormReluConvolution
{
    /// <summary>Sums of so many numbers at a time stay in the second cache beside the transformed image.</summary>
    private const int SumsAtOnce = 16 * 1024;

    /// <summary>Woven pixels of so many bytes at a time stay in the second cache.</summary>
    private const int WovenBytes = 448 * 1024;

    private static readonly ConcurrentDictionary<(int, int, int, int, int), NormReluConvolution> Made = new();
    private readonly ImageConvolution forward;
    private readonly ImageConvolution backward;
    private readonly ImageWeightGradient weightGradient;
    private readonly int pixels;
    private readonly int outputPixels;

    private NormReluConvolution(int height, int width, int inputs, int outputs, int stride)
    {
        (Height, Width, Inputs, Outputs) = (height, width, inputs, outputs);
        (Rows, Columns) = ((height + stride - 1) / stride, (width + stride - 1) / stride);
        (pixels, outputPixels) = (height * width, Rows * Columns);
        var tiles = (width + 1) / 2;
        var (there, back) = stride == 1 ? (Filtering.Plain, Filtering.Plain) : (Filtering.Strided, Filtering.Spread);
        forward = new ImageConvolution(there, height, width, Rows, tiles, inputs, outputs, activated: true);
        backward = new ImageConvolution(back, Rows, Columns, height, tiles, outputs, inputs, activated: false);
        weightGradient = new ImageWeightGradient(stride, height, width, inputs, outputs, WovenBytes);
    }

    /// <summary>Rows of an input image.</summary>
    public int Height { get; }

    /// <summary>Pixels in a row of it.</summary>
    public int Width { get; }

    /// <summary>Channels of it.</summary>
    public int Inputs { get; }

    /// <summary>Rows of an output image, ⌈height / stride⌉.</summary>
    public int Rows { get; }

    /// <summary>Pixels in a row of it, ⌈width / stride⌉.</summary>
    public int Columns { get; }

    /// <summary>Channels of it.</summary>
    public int Outputs { get; }

    /// <summary>Whether there are kernels for such images on this machine.</summary>
    public static bool Supports(int height, int width, int inputs, int outputs, int stride) =>
        KernelSupport.WhyNot is null && height >= 2 && width is >= 2 and <= 64 && inputs % 16 == 0 && outputs % 16 == 0 && stride is 1 or 2;

    /// <summary>The kernels for images of a shape, assembled when first asked for.</summary>
    public static NormReluConvolution For(int height, int width, int inputs, int outputs, int stride) =>
        Made.GetOrAdd(
            (height, width, inputs, outputs, stride),
            static s => new NormReluConvolution(s.Item1, s.Item2, s.Item3, s.Item4, s.Item5)
        );

    /// <summary>The layer's output.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="scale">fp32 [inputs].</param>
    /// <param name="shift">fp32 [inputs].</param>
    /// <param name="weights">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="bias">fp32 [outputs], or null.</param>
    /// <param name="residual">bf16, like y, added before rounding; or null.</param>
    /// <param name="y">bf16 [images, rows, columns, outputs].</param>
    /// <param name="threads">How many of libtorch's threads take part.</param>
    /// <returns>The moments of y.</returns>
    public ChannelMoments Forward(
        int images,
        ushort* x,
        float[] scale,
        float[] shift,
        float* weights,
        float* bias,
        ushort* residual,
        ushort* y,
        int threads
    )
    {
        var packed = ArrayPool<ushort>.Shared.Rent(forward.PackedLength);
        var moments = new ChannelMoments[threads];
        fixed (ushort* w = packed)
        fixed (
            float* k = scale,
                b = shift
        )
        {
            var (to, from, factor, offset) = ((nint)w, (nint)weights, (nint)k, (nint)b);
            Workers.Run(
                threads,
                t => forward.Pack((float*)from, Inputs * 9, 9, turned: false, (ushort*)to, Workers.Share(forward.Blocks, t, threads))
            );
            Workers.Run(
                threads,
                t =>
                {
                    var mine = moments[t] = new ChannelMoments(Outputs);
                    var (first, last) = Workers.Share(images, t, threads);
                    var rows = RowsAtOnce(forward);
                    var scratch = Scratch.Take(
                        (nuint)(forward.TransformedLength * sizeof(ushort) + (forward.SumsLength(rows) + 3 * Outputs) * sizeof(float) + 320)
                    );
                    var transformed = scratch.Numbers<ushort>(forward.TransformedLength);
                    var sums = scratch.Numbers<float>(forward.SumsLength(rows));
                    var distances = new Distances(
                        scratch.Numbers<float>(Outputs),
                        scratch.Numbers<float>(Outputs),
                        scratch.Numbers<float>(Outputs)
                    );
                    for (var image = first; image < last; image++)
                    {
                        forward.Transform(x + (nint)image * pixels * Inputs, (float*)factor, (float*)offset, transformed);
                        for (var row = 0; row < Rows; row += rows)
                        {
                            var end = Math.Min(Rows, row + rows);
                            forward.Multiply(transformed, (ushort*)to, sums, row, end);
                            var at = ((nint)image * outputPixels + row * Columns) * Outputs;
                            Finish(sums, end - row, bias, residual is null ? null : residual + at, y + at, row == 0, distances);
                        }
                        mine.Add(outputPixels, distances.Origin, distances.Sums, distances.Squares);
                    }
                }
            );
        }
        ArrayPool<ushort>.Shared.Return(packed);
        return ChannelMoments.Merge(moments);
    }

    /// <summary>The gradients up to the normalised activations.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="scale">fp32 [inputs].</param>
    /// <param name="shift">fp32 [inputs].</param>
    /// <param name="mean">fp32 [inputs]: what the second sums are relative to.</param>
    /// <param name="weights">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="gradient">bf16 [images, rows, columns, outputs], by y.</param>
    /// <param name="inner">bf16, like x: the gradient by scale · x + shift.</param>
    /// <param name="weightsGradient">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="biasGradient">fp32 [outputs], or null.</param>
    /// <param name="threads">How many of libtorch's threads take part.</param>
    /// <returns>Of each input channel Σ inner and Σ inner · (x − mean).</returns>
    public (double[] Sums, double[] Products) Backward(
        int images,
        ushort* x,
        float[] scale,
        float[] shift,
        float[] mean,
        float* weights,
        ushort* gradient,
        ushort* inner,
        float* weightsGradient,
        float* biasGradient,
        int threads
    )
    {
        var packed = ArrayPool<ushort>.Shared.Rent(backward.PackedLength);
        var (sums, products) = (new double[threads][], new double[threads][]);
        var (weightSums, biasSums) = (new float[threads][], new float[threads][]);
        fixed (ushort* w = packed)
        fixed (
            float* k = scale,
                b = shift,
                m = mean
        )
        {
            var (to, from, factor, offset, center) = ((nint)w, (nint)weights, (nint)k, (nint)b, (nint)m);
            Workers.Run(
                threads,
                t => backward.Pack((float*)from, 9, Inputs * 9, turned: true, (ushort*)to, Workers.Share(backward.Blocks, t, threads))
            );
            Workers.Run(
                threads,
                t =>
                {
                    (sums[t], products[t]) = (new double[Inputs], new double[Inputs]);
                    weightSums[t] = ArrayPool<float>.Shared.Rent(weightGradient.SumsLength);
                    weightSums[t].AsSpan(0, weightGradient.SumsLength).Clear();
                    biasSums[t] = new float[Outputs];
                    fixed (
                        float* dw = weightSums[t],
                            db = biasSums[t]
                    )
                    {
                        var (first, last) = Workers.Share(images, t, threads);
                        var together = 2 * weightGradient.PairsTogether;
                        for (var image = first; image < last; image += together)
                        {
                            var count = Math.Min(together, last - image);
                            var (at, outAt) = ((nint)image * pixels * Inputs, (nint)image * outputPixels * Outputs);
                            weightGradient.Add(count, x + at, (float*)factor, (float*)offset, gradient + outAt, dw, db);
                            ByInput(
                                count,
                                x + at,
                                (float*)factor,
                                (float*)offset,
                                (float*)center,
                                (ushort*)to,
                                gradient + outAt,
                                inner + at,
                                sums[t],
                                products[t]
                            );
                        }
                    }
                }
            );
        }
        Gather(weightSums, biasSums, weightsGradient, biasGradient, threads);
        ArrayPool<ushort>.Shared.Return(packed);
        Array.ForEach(weightSums, sums => ArrayPool<float>.Shared.Return(sums));
        for (var t = 1; t < threads; t++)
        {
            for (var c = 0; c < Inputs; c++)
            {
                sums[0][c] += sums[t][c];
                products[0][c] += products[t][c];
            }
        }
        return (sums[0], products[0]);
    }

    private static int RowsAtOnce(ImageConvolution convolution) => Math.Clamp(SumsAtOnce / convolution.SumsLength(1), 1, convolution.Rows);

    /// <summary>Makes pixels of the parts' sums, rounds them to y and takes y's moments, as distances from the image's first pixel.</summary>
    private void Finish(float* sums, int rows, float* bias, ushort* residual, ushort* y, bool begins, Distances distances)
    {
        var part = rows * forward.Tiles * Outputs;
        var step = forward.Filtering == Filtering.Plain ? 2 : 1; // pixels of a tile
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
                for (var column = 0; column < Columns; column += step)
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
                    if (step == 2 && column + 1 < Columns)
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

    private void ByInput(
        int count,
        ushort* x,
        float* scale,
        float* shift,
        float* mean,
        ushort* packed,
        ushort* gradient,
        ushort* inner,
        double[] sums,
        double[] products
    )
    {
        var rows = RowsAtOnce(backward);
        var scratch = Scratch.Take(
            (nuint)(backward.TransformedLength * sizeof(ushort) + (backward.SumsLength(rows) + 2 * Inputs) * sizeof(float) + 256)
        );
        var transformed = scratch.Numbers<ushort>(backward.TransformedLength);
        var block = scratch.Numbers<float>(backward.SumsLength(rows));
        var some = scratch.Numbers<float>(Inputs);
        var someProducts = scratch.Numbers<float>(Inputs);
        for (var i = 0; i < count; i++)
        {
            new Span<float>(some, Inputs).Clear();
            new Span<float>(someProducts, Inputs).Clear();
            backward.Transform(gradient + (nint)i * outputPixels * Outputs, null, null, transformed);
            for (var row = 0; row < Height; row += rows)
            {
                var end = Math.Min(Height, row + rows);
                backward.Multiply(transformed, packed, block, row, end);
                var at = ((nint)i * pixels + row * Width) * Inputs;
                Mask(block, end - row, x + at, scale, shift, mean, inner + at, some, someProducts);
            }
            for (var c = 0; c < Inputs; c++)
            {
                sums[c] += some[c];
                products[c] += someProducts[c];
            }
        }
    }

    /// <summary>Makes pixels of the parts' sums and rounds them where the activation was positive, 0 elsewhere.</summary>
    private void Mask(
        float* block,
        int rows,
        ushort* x,
        float* scale,
        float* shift,
        float* mean,
        ushort* inner,
        float* sums,
        float* products
    )
    {
        var part = rows * backward.Tiles * Inputs;
        var spread = backward.Filtering == Filtering.Spread;
        for (var c = 0; c < Inputs; c += 16)
        {
            var (k, b, m) = (Vector512.Load(scale + c), Vector512.Load(shift + c), Vector512.Load(mean + c));
            var (sum, product) = (Vector512.Load(sums + c), Vector512.Load(products + c));
            var from = block + c;
            for (var row = 0; row < rows; row++)
            {
                nint at = row * Width * Inputs + c;
                for (var column = 0; column < Width; column += 2)
                {
                    var (p1, p2) = (Vector512.Load(from + part), Vector512.Load(from + 2 * part));
                    var value = Bf16.Load(x + at);
                    var positive = Vector512.GreaterThan(value * k + b, Vector512<float>.Zero);
                    var pixel = spread ? Vector512.Load(from) : Vector512.Load(from) + p1 + p2;
                    var rounded = Bf16.RoundInPlace(pixel) & positive.AsUInt32();
                    Bf16.Store(rounded, inner + at);
                    sum += rounded.AsSingle();
                    product += rounded.AsSingle() * (value - m);
                    at += Inputs;
                    if (column + 1 < Width)
                    {
                        value = Bf16.Load(x + at);
                        positive = Vector512.GreaterThan(value * k + b, Vector512<float>.Zero);
                        pixel = spread ? p1 + p2 : p1 - p2 - Vector512.Load(from + 3 * part);
                        rounded = Bf16.RoundInPlace(pixel) & positive.AsUInt32();
                        Bf16.Store(rounded, inner + at);
                        sum += rounded.AsSingle();
                        product += rounded.AsSingle() * (value - m);
                        at += Inputs;
                    }
                    from += Inputs;
                }
            }
            sum.Store(sums + c);
            product.Store(products + c);
        }
    }

    /// <summary>Adds the threads' gradients in their order.</summary>
    private void Gather(float[][] weightSums, float[][] biasSums, float* weightsGradient, float* biasGradient, int threads)
    {
        Workers.Run(threads, t => weightGradient.Gather(weightSums, weightsGradient, Workers.Share(Inputs, t, threads)));
        for (var o = 0; biasGradient is not null && o < Outputs; o++)
        {
            biasGradient[o] = 0;
            foreach (var part in biasSums)
            {
                biasGradient[o] += part[o];
            }
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
