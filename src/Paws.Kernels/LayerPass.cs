using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>One layer's pass over a batch: its output, and later its gradients. Tensors are [n, h, w, c] without gaps.</summary>
internal sealed unsafe class LayerPass : IDisposable
{
    private readonly NormReluConvolution kernels;
    private readonly NormScale norm;
    private readonly Tensor x;
    private readonly Tensor weight;
    private readonly bool hasBias;
    private readonly int images;
    private readonly int threads;

    /// <summary>Computes the output.</summary>
    /// <param name="x">bf16; kept until this is disposed.</param>
    /// <param name="known">The moments of x where they are known.</param>
    /// <param name="layer">What is done to x.</param>
    /// <param name="training">Whether statistics are the batch's, and the running ones are updated.</param>
    /// <param name="residual">Added to the output, or null.</param>
    public LayerPass(Tensor x, ChannelMoments? known, PreActivation layer, bool training, Tensor? residual)
    {
        threads = get_num_threads();
        this.x = x.alias().DetachFromDisposeScope();
        weight = layer.Weight.detach().contiguous().DetachFromDisposeScope();
        hasBias = layer.Bias is not null;
        var (height, width, inputs) = ((int)x.shape[1], (int)x.shape[2], (int)x.shape[3]);
        images = (int)x.shape[0];
        kernels = NormReluConvolution.For(height, width, inputs, (int)weight.shape[0], layer.Stride);
        norm = new NormScale(layer.Norm, training ? known ?? Moments(images * height * width, inputs) : null);
        Output = empty([images, kernels.Rows, kernels.Columns, kernels.Outputs], dtype: ScalarType.BFloat16);
        OutputMoments = kernels.Output.Compute(
            images,
            TensorMemory.Bf16(x),
            norm,
            TensorMemory.Fp32(weight),
            layer.Bias is null ? null : TensorMemory.Fp32(layer.Bias),
            residual is null ? null : TensorMemory.Bf16(residual),
            TensorMemory.Bf16(Output),
            threads
        );
    }

    /// <summary>bf16; whoever made the pass owns it.</summary>
    public Tensor Output { get; }

    /// <summary>The moments of Output.</summary>
    public ChannelMoments OutputMoments { get; }

    /// <summary>The gradients by x, γ, β, weight and bias (null without one).</summary>
    /// <param name="gradient">By the output.</param>
    /// <param name="more">Another gradient by x, added before rounding; or null.</param>
    public (Tensor ByX, Tensor?[] ByParameters) Gradients(Tensor gradient, Tensor? more)
    {
        var (inputs, outputs) = (kernels.Inputs, kernels.Outputs);
        var byX = empty(x.shape, dtype: ScalarType.BFloat16);
        var byWeight = empty([outputs, inputs, 3, 3], dtype: ScalarType.Float32);
        var byBias = hasBias ? empty([outputs], dtype: ScalarType.Float32) : null;
        var (sums, products) = kernels.Gradient.Compute(
            images,
            TensorMemory.Bf16(x),
            norm,
            TensorMemory.Fp32(weight),
            TensorMemory.Bf16(gradient),
            TensorMemory.Bf16(byX),
            TensorMemory.Fp32(byWeight),
            byBias is null ? null : TensorMemory.Fp32(byBias),
            threads
        );
        var (byScale, byShift) = norm.Parameters(sums, products);
        ThroughNorm(TensorMemory.Bf16(byX), norm.ByX(sums, products), more is null ? null : TensorMemory.Bf16(more));
        return (byX, [tensor(byScale), tensor(byShift), byWeight, byBias]);
    }

    public void Dispose()
    {
        x.Dispose();
        weight.Dispose();
    }

    private ChannelMoments Moments(int pixels, int channels)
    {
        var values = TensorMemory.Bf16(x);
        var parts = new ChannelMoments[threads];
        Workers.Run(
            threads,
            t =>
            {
                var (first, last) = Workers.Share(pixels, t, threads);
                parts[t] = ChannelMoments.Of(values + (nint)first * channels, last - first, channels);
            }
        );
        return ChannelMoments.Merge(parts);
    }

    /// <summary>g = a · g + b · x + c [+ more], a, b and c of each channel.</summary>
    private void ThroughNorm(ushort* g, (float[] OfGradient, float[] OfX, float[] Constant) factors, ushort* more)
    {
        var values = TensorMemory.Bf16(x);
        var inputs = kernels.Inputs;
        var pixels = images * kernels.Height * kernels.Width;
        Workers.Run(
            threads,
            t =>
            {
                var (first, last) = Workers.Share(pixels, t, threads);
                fixed (float* a = factors.OfGradient)
                fixed (float* b = factors.OfX)
                fixed (float* c = factors.Constant)
                {
                    for (var at = (nint)first * inputs; at < (nint)last * inputs; at += inputs)
                    {
                        for (var i = 0; i < inputs; i += 16)
                        {
                            var value = Bf16.Load(g + at + i) * Vector512.Load(a + i);
                            value += Bf16.Load(values + at + i) * Vector512.Load(b + i) + Vector512.Load(c + i);
                            if (more is not null)
                            {
                                value += Bf16.Load(more + at + i);
                            }
                            Bf16.Round(value).Store(g + at + i);
                        }
                    }
                }
            }
        );
    }
}
