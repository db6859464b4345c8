using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Paws.Kernels;

/// <summary>
/// y = convolution(max(0, scale · x + shift)) + bias [+ residual] over a batch of channels-last bf16 images, and its gradients: a
/// pre-activation layer of a residual network in one pass over memory each way. What lies between normalisation and convolution is made
/// image by image in the second cache, and again when the gradient is taken; it never is in memory.
/// 3 × 3 taps, stride 1, padded with zeros; products in bf16, sums in fp32.
/// </summary>
internal sealed unsafe class NormReluConvolution
{
    /// <summary>Sums of so many numbers at a time stay in the first cache.</summary>
    private const int SumsAtOnce = 4096;

    /// <summary>Woven pairs of so many bytes at a time stay in the second cache.</summary>
    private const int WovenBytes = 384 * 1024;

    private static readonly ConcurrentDictionary<(int, int, int, int), NormReluConvolution> Made = new();
    private readonly ImageConvolution forward;
    private readonly ImageConvolution backward;
    private readonly ImageWeightGradient weightGradient;
    private readonly int pixels;
    private readonly int imagesAtOnce;

    private NormReluConvolution(int height, int width, int inputs, int outputs)
    {
        (Height, Width, Inputs, Outputs, pixels) = (height, width, inputs, outputs, height * width);
        forward = new ImageConvolution(height, width, inputs, outputs, 1);
        backward = new ImageConvolution(height, width, outputs, inputs, 1);
        weightGradient = new ImageWeightGradient(height, width, inputs, outputs);
        var woven = (weightGradient.OutputLength + weightGradient.MiddleLength + weightGradient.SideLength) * sizeof(ushort);
        imagesAtOnce = Math.Clamp(WovenBytes / woven, 1, 16);
    }

    public int Height { get; }
    public int Width { get; }
    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Whether there are kernels for such images on this machine.</summary>
    public static bool Supports(int height, int width, int inputs, int outputs) =>
        Processor.MultipliesPairs && height >= 2 && width is >= 2 and <= 64 && inputs % 16 == 0 && outputs % 16 == 0 && Workers.Exist;

    /// <summary>The kernels for images of a shape, assembled when first asked for.</summary>
    public static NormReluConvolution For(int height, int width, int inputs, int outputs) =>
        Made.GetOrAdd(
            (height, width, inputs, outputs),
            static s => new NormReluConvolution(s.Item1, s.Item2, s.Item3, s.Item4)
        );

    /// <summary>The layer's output.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="scale">fp32 [inputs].</param>
    /// <param name="shift">fp32 [inputs].</param>
    /// <param name="weights">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="bias">fp32 [outputs], or null.</param>
    /// <param name="residual">bf16, like y, added before rounding; or null.</param>
    /// <param name="y">bf16 [images, height, width, outputs].</param>
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
        fixed (float* k = scale, b = shift)
        {
            var (to, from, factor, offset) = ((nint)w, (nint)weights, (nint)k, (nint)b);
            Workers.Run(
                threads,
                t => forward.Pack((float*)from, Inputs * 9, 9, forwardTaps: true, (ushort*)to, Workers.Share(forward.Blocks, t, threads))
            );
            Workers.Run(
                threads,
                t =>
                {
                    var mine = moments[t] = new ChannelMoments(Outputs);
                    var (first, last) = Workers.Share(images, t, threads);
                    var scratch = Scratch.Take((nuint)(pixels * Inputs * sizeof(ushort) + (SumsLength + 3 * Outputs) * sizeof(float) + 320));
                    var a = scratch.Numbers<ushort>(pixels * Inputs);
                    var sums = scratch.Numbers<float>(SumsLength);
                    var (origin, distances, squares) = (
                        (nint)scratch.Numbers<float>(Outputs),
                        (nint)scratch.Numbers<float>(Outputs),
                        (nint)scratch.Numbers<float>(Outputs)
                    );
                    for (var image = first; image < last; image++)
                    {
                        Activate(x + (nint)image * pixels * Inputs, (float*)factor, (float*)offset, a);
                        var at = (nint)image * pixels * Outputs;
                        for (var row = 0; row < Height; row += RowsAtOnce(Outputs))
                        {
                            var end = Math.Min(Height, row + RowsAtOnce(Outputs));
                            Begin(sums, (end - row) * Width, bias);
                            forward.Add(a, (ushort*)to, sums, row, end);
                            var rowAt = at + (nint)row * Width * Outputs;
                            Finish(
                                sums,
                                (end - row) * Width,
                                residual is null ? null : residual + rowAt,
                                y + rowAt,
                                row == 0,
                                (float*)origin,
                                (float*)distances,
                                (float*)squares
                            );
                        }
                        mine.Add(pixels, (float*)origin, (float*)distances, (float*)squares);
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
    /// <param name="gradient">bf16 [images, height, width, outputs], by y.</param>
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
        fixed (float* k = scale, b = shift, m = mean)
        {
            var (to, from, factor, offset, center) = ((nint)w, (nint)weights, (nint)k, (nint)b, (nint)m);
            Workers.Run(
                threads,
                t => backward.Pack((float*)from, 9, Inputs * 9, forwardTaps: false, (ushort*)to, Workers.Share(backward.Blocks, t, threads))
            );
            Workers.Run(
                threads,
                t =>
                {
                    (sums[t], products[t]) = (new double[Inputs], new double[Inputs]);
                    weightSums[t] = ArrayPool<float>.Shared.Rent(9 * Inputs * Outputs);
                    weightSums[t].AsSpan(0, 9 * Inputs * Outputs).Clear();
                    biasSums[t] = new float[Outputs];
                    fixed (float* dw = weightSums[t], db = biasSums[t])
                    {
                        var (first, last) = Workers.Share(images, t, threads);
                        for (var image = first; image < last; image += imagesAtOnce)
                        {
                            var count = Math.Min(imagesAtOnce, last - image);
                            var (at, outAt) = ((nint)image * pixels * Inputs, (nint)image * pixels * Outputs);
                            ByWeights(count, x + at, (float*)factor, (float*)offset, gradient + outAt, dw, db);
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

    private int SumsLength => Math.Max(RowsAtOnce(Outputs) * Width * Outputs, RowsAtOnce(Inputs) * Width * Inputs);

    private int RowsAtOnce(int channels) => Math.Clamp(SumsAtOnce / (Width * channels), 1, Height);

    /// <summary>max(0, scale · x + shift) of one image.</summary>
    private void Activate(ushort* x, float* scale, float* shift, ushort* a)
    {
        for (var c = 0; c < Inputs; c += 16)
        {
            var (k, b) = (Vector512.Load(scale + c), Vector512.Load(shift + c));
            for (nint at = c; at < (nint)pixels * Inputs; at += Inputs)
            {
                Bf16.Round(Vector512.Max(Bf16.Load(x + at) * k + b, Vector512<float>.Zero)).Store(a + at);
            }
        }
    }

    private void Begin(float* sums, int count, float* bias)
    {
        if (bias is null)
        {
            new Span<float>(sums, count * Outputs).Clear();
            return;
        }
        for (var p = 0; p < count; p++)
        {
            new ReadOnlySpan<float>(bias, Outputs).CopyTo(new Span<float>(sums + p * Outputs, Outputs));
        }
    }

    /// <summary>Rounds sums to y and takes y's moments, as distances from the image's first pixel.</summary>
    private void Finish(
        float* sums,
        int count,
        ushort* residual,
        ushort* y,
        bool begins,
        float* origin,
        float* distances,
        float* squares
    )
    {
        for (var c = 0; c < Outputs; c += 16)
        {
            var (distance, square) = begins
                ? (Vector512<float>.Zero, Vector512<float>.Zero)
                : (Vector512.Load(distances + c), Vector512.Load(squares + c));
            var zero = begins ? First(sums + c, residual is null ? null : residual + c) : Vector512.Load(origin + c);
            for (var at = c; at < count * Outputs; at += Outputs)
            {
                var value = Vector512.Load(sums + at);
                if (residual is not null)
                {
                    value += Bf16.Load(residual + at);
                }
                var rounded = Bf16.RoundInPlace(value);
                Avx512F.ConvertToVector256UInt16(Vector512.ShiftRightLogical(rounded, 16)).Store(y + at);
                var apart = rounded.AsSingle() - zero;
                distance += apart;
                square += apart * apart;
            }
            distance.Store(distances + c);
            square.Store(squares + c);
            zero.Store(origin + c);
        }
    }

    private static Vector512<float> First(float* sums, ushort* residual)
    {
        var value = Vector512.Load(sums);
        return Bf16.RoundInPlace(residual is null ? value : value + Bf16.Load(residual)).AsSingle();
    }

    private void ByWeights(int count, ushort* x, float* scale, float* shift, ushort* gradient, float* weightSums, float* biasSums)
    {
        var lengths = (weightGradient.OutputLength + weightGradient.MiddleLength + weightGradient.SideLength) * count;
        var scratch = Scratch.Take((nuint)(lengths * sizeof(ushort) + 192));
        var output = scratch.Numbers<ushort>(weightGradient.OutputLength * count);
        var middle = scratch.Numbers<ushort>(weightGradient.MiddleLength * count);
        var side = scratch.Numbers<ushort>(weightGradient.SideLength * count);
        for (var i = 0; i < count; i++)
        {
            weightGradient.WeaveOutput(gradient + i * pixels * Outputs, output + i * weightGradient.OutputLength, biasSums);
            weightGradient.WeaveInput(
                x + i * pixels * Inputs,
                scale,
                shift,
                middle + i * weightGradient.MiddleLength,
                side + i * weightGradient.SideLength
            );
        }
        weightGradient.Add(output, middle, side, count, weightSums);
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
        var scratch = Scratch.Take((nuint)((SumsLength + 2 * Inputs) * sizeof(float) + 192));
        var block = scratch.Numbers<float>(SumsLength);
        var some = scratch.Numbers<float>(Inputs);
        var someProducts = scratch.Numbers<float>(Inputs);
        for (var i = 0; i < count; i++)
        {
            new Span<float>(some, Inputs).Clear();
            new Span<float>(someProducts, Inputs).Clear();
            for (var row = 0; row < Height; row += RowsAtOnce(Inputs))
            {
                var end = Math.Min(Height, row + RowsAtOnce(Inputs));
                var number = (end - row) * Width * Inputs;
                new Span<float>(block, number).Clear();
                backward.Add(gradient + i * pixels * Outputs, packed, block, row, end);
                var at = (i * pixels + row * Width) * Inputs;
                Mask(block, number, x + at, scale, shift, mean, inner + at, some, someProducts);
            }
            for (var c = 0; c < Inputs; c++)
            {
                sums[c] += some[c];
                products[c] += someProducts[c];
            }
        }
    }

    /// <summary>Rounds the gradient where the activation was positive, 0 elsewhere.</summary>
    private void Mask(
        float* block,
        int number,
        ushort* x,
        float* scale,
        float* shift,
        float* mean,
        ushort* inner,
        float* sums,
        float* products
    )
    {
        for (var c = 0; c < Inputs; c += 16)
        {
            var (k, b, m) = (Vector512.Load(scale + c), Vector512.Load(shift + c), Vector512.Load(mean + c));
            var (sum, product) = (Vector512.Load(sums + c), Vector512.Load(products + c));
            for (var at = c; at < number; at += Inputs)
            {
                var value = Bf16.Load(x + at);
                var positive = Vector512.GreaterThan(value * k + b, Vector512<float>.Zero);
                var rounded = Bf16.RoundInPlace(Vector512.Load(block + at)) & positive.AsUInt32();
                Avx512F.ConvertToVector256UInt16(Vector512.ShiftRightLogical(rounded, 16)).Store(inner + at);
                sum += rounded.AsSingle();
                product += rounded.AsSingle() * (value - m);
            }
            sum.Store(sums + c);
            product.Store(products + c);
        }
    }

    /// <summary>Adds the threads' gradients in their order; [3, 3, inputs, outputs] → [outputs, inputs, 3, 3].</summary>
    private void Gather(float[][] weightSums, float[][] biasSums, float* weightsGradient, float* biasGradient, int threads)
    {
        var to = (nint)weightsGradient;
        Workers.Run(
            threads,
            t =>
            {
                var gradient = (float*)to;
                var (first, last) = Workers.Share(Inputs, t, threads);
                for (var tap = 0; tap < 9; tap++)
                {
                    for (var c = first; c < last; c++)
                    {
                        for (var o = 0; o < Outputs; o++)
                        {
                            var sum = 0f;
                            foreach (var part in weightSums)
                            {
                                sum += part[(tap * Inputs + c) * Outputs + o];
                            }
                            gradient[(o * Inputs + c) * 9 + tap] = sum;
                        }
                    }
                }
            }
        );
        for (var o = 0; biasGradient is not null && o < Outputs; o++)
        {
            biasGradient[o] = 0;
            foreach (var part in biasSums)
            {
                biasGradient[o] += part[o];
            }
        }
    }
}
