using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Paws.Kernels;

/// <summary>The gradients of a layer up to its normalised activations, some images at a time, while they are in the second cache.</summary>
internal sealed unsafe class LayerGradient(ImageConvolution convolution, ImageWeightGradient weightGradient)
{
    private readonly int pixels = convolution.Rows * convolution.Columns;
    private readonly int outputPixels = convolution.Height * convolution.Width;

    // The convolution goes from the layer's output back to its input.
    private int Inputs => convolution.Outputs;

    private int Outputs => convolution.Inputs;

    /// <summary>Computes the gradients by weights, bias and scale · x + shift.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="norm">By which x was normalised.</param>
    /// <param name="weights">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="gradient">bf16 [images, rows, columns, outputs], by y.</param>
    /// <param name="inner">bf16, like x: the gradient by scale · x + shift.</param>
    /// <param name="weightsGradient">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="biasGradient">fp32 [outputs], or null.</param>
    /// <param name="threads">How many of libtorch's threads take part; sums are added in their order.</param>
    /// <returns>Of each input channel Σ inner and Σ inner · (x − mean).</returns>
    public (double[] Sums, double[] Products) Compute(
        int images,
        ushort* x,
        NormScale norm,
        float* weights,
        ushort* gradient,
        ushort* inner,
        float* weightsGradient,
        float* biasGradient,
        int threads
    )
    {
        var packed = ArrayPool<ushort>.Shared.Rent(convolution.PackedLength);
        var (sums, products) = (new double[threads][], new double[threads][]);
        var (weightSums, biasSums) = (new float[threads][], new float[threads][]);
        fixed (ushort* w = packed)
        fixed (float* k = norm.Scale)
        fixed (float* b = norm.Shift)
        fixed (float* m = norm.Mean)
        {
            var (to, scale, shift, mean) = ((nint)w, (nint)k, (nint)b, (nint)m);
            Workers.Run(
                threads,
                t => convolution.Pack(weights, 9, Inputs * 9, turned: true, (ushort*)to, Workers.Share(convolution.Blocks, t, threads))
            );
            Workers.Run(
                threads,
                t =>
                {
                    (sums[t], products[t], biasSums[t]) = (new double[Inputs], new double[Inputs], new float[Outputs]);
                    weightSums[t] = ArrayPool<float>.Shared.Rent(weightGradient.SumsLength);
                    weightSums[t].AsSpan(0, weightGradient.SumsLength).Clear();
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
                            weightGradient.Add(count, x + at, (float*)scale, (float*)shift, gradient + outAt, dw, db);
                            ByInput(
                                count,
                                x + at,
                                (float*)scale,
                                (float*)shift,
                                (float*)mean,
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
        Array.ForEach(weightSums, part => ArrayPool<float>.Shared.Return(part));
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
        var bands = convolution.BandsAtOnce;
        var scratch = Scratch.Take(
            (nuint)(convolution.TransformedLength * sizeof(ushort) + (convolution.SumsLength(bands) + 2 * Inputs) * sizeof(float) + 256)
        );
        var transformed = scratch.Numbers<ushort>(convolution.TransformedLength);
        var block = scratch.Numbers<float>(convolution.SumsLength(bands));
        var some = scratch.Numbers<float>(Inputs);
        var someProducts = scratch.Numbers<float>(Inputs);
        for (nint i = 0; i < count; i++)
        {
            new Span<float>(some, Inputs).Clear();
            new Span<float>(someProducts, Inputs).Clear();
            convolution.Transform(gradient + i * outputPixels * Outputs, null, null, transformed);
            for (var band = 0; band < convolution.Bands; band += bands)
            {
                var end = Math.Min(convolution.Bands, band + bands);
                convolution.Multiply(transformed, packed, block, band, end);
                var row = band * convolution.TileRows;
                var rows = Math.Min(convolution.Rows, end * convolution.TileRows) - row;
                var at = (i * pixels + row * convolution.Columns) * Inputs;
                Mask(block, rows, x + at, scale, shift, mean, inner + at, some, someProducts);
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
        var (tileRows, tileColumns, columns) = (convolution.TileRows, convolution.TileColumns, convolution.Columns);
        var filtering = convolution.Filtering;
        var part = (nint)((rows + tileRows - 1) / tileRows) * convolution.Tiles * Inputs;
        for (var c = 0; c < Inputs; c += 16)
        {
            var (k, b, m) = (Vector512.Load(scale + c), Vector512.Load(shift + c), Vector512.Load(mean + c));
            var (sum, product) = (Vector512.Load(sums + c), Vector512.Load(products + c));
            var from = block + c;
            for (var row = 0; row < rows; row += tileRows)
            {
                nint at = row * columns * Inputs + c;
                for (var column = 0; column < columns; column += tileColumns)
                {
                    TileSums.Pixels(filtering, from, part, out var left, out var right, out var lowerLeft, out var lowerRight);
                    var two = column + 1 < columns;
                    var pixel = Put(left, x, k, b, inner, at, out var value);
                    sum += pixel;
                    product += pixel * (value - m);
                    if (two)
                    {
                        pixel = Put(right, x, k, b, inner, at + Inputs, out value);
                        sum += pixel;
                        product += pixel * (value - m);
                    }
                    if (tileRows == 2 && row + 1 < rows)
                    {
                        pixel = Put(lowerLeft, x, k, b, inner, at + columns * Inputs, out value);
                        sum += pixel;
                        product += pixel * (value - m);
                        if (two)
                        {
                            pixel = Put(lowerRight, x, k, b, inner, at + (columns + 1) * Inputs, out value);
                            sum += pixel;
                            product += pixel * (value - m);
                        }
                    }
                    at += 2 * Inputs;
                    from += Inputs;
                }
            }
            sum.Store(sums + c);
            product.Store(products + c);
        }
    }

    /// <summary>Rounds the gradient to inner if the activation scale · x + shift was positive, and says to what, and what x is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Put(
        Vector512<float> gradient,
        ushort* x,
        Vector512<float> scale,
        Vector512<float> shift,
        ushort* inner,
        nint at,
        out Vector512<float> value
    )
    {
        value = Bf16.Load(x + at);
        var positive = Vector512.GreaterThan(value * scale + shift, Vector512<float>.Zero);
        var rounded = Bf16.RoundInPlace(gradient) & positive.AsUInt32();
        Bf16.Store(rounded, inner + at);
        return rounded.AsSingle();
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
}
