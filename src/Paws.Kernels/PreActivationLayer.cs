using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>Batch normalisation's tensors, all [channels] in fp32 on the CPU, and constants.</summary>
/// <param name="Weight">Scale γ.</param>
/// <param name="Bias">Shift β.</param>
/// <param name="RunningMean">Updated in training.</param>
/// <param name="RunningVariance">Updated in training, with the variance over n − 1.</param>
/// <param name="Momentum">Weight of a new batch in the running statistics.</param>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record Normalisation(Tensor Weight, Tensor Bias, Tensor RunningMean, Tensor RunningVariance, double Momentum, double Epsilon);

/// <summary>Activations and, where they are known already, the moments of their channels.</summary>
/// <param name="Values">bf16 [n, c, h, w], channels-last.</param>
/// <param name="Moments">Of Values; null if nobody took them yet.</param>
public readonly record struct Activations(Tensor Values, ChannelMoments? Moments);

/// <summary>
/// Batch normalisation, ReLU and 3 × 3 convolution as one differentiable operation on the CPU in bf16, with
/// <see cref="NormReluConvolution"/>'s kernels.
/// </summary>
public static unsafe partial class PreActivationLayer
{
    /// <summary>Whether the operation can be had for these images: on the CPU in bf16, and the processor has AVX512_BF16.</summary>
    /// <param name="x">[n, c, h, w].</param>
    /// <param name="outputs">Channels of the convolution's output.</param>
    /// <param name="stride">Of the convolution.</param>
    public static bool Supports(Tensor x, int outputs, int stride) =>
        x.dtype == ScalarType.BFloat16
        && x.device_type == DeviceType.CPU
        && x.Dimensions == 4
        && NormReluConvolution.Supports((int)x.shape[2], (int)x.shape[3], (int)x.shape[1], outputs, stride);

    /// <summary>convolution(max(0, norm(x))) + bias [+ residual] and its moments; running statistics are updated in training.</summary>
    /// <param name="x">What is normalised.</param>
    /// <param name="norm">How.</param>
    /// <param name="training">Whether the statistics are the batch's; else the running ones.</param>
    /// <param name="weight">fp32 [outputs, c, 3, 3].</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="bias">fp32 [outputs], or null.</param>
    /// <param name="residual">bf16, of the output's shape and channels-last; or null.</param>
    public static Activations Apply(
        Activations x,
        Normalisation norm,
        bool training,
        Tensor weight,
        int stride,
        Tensor? bias,
        Tensor? residual
    )
    {
        var threads = torch.get_num_threads();
        var shape = x.Values.shape;
        var (images, inputs, height, width, outputs) = ((int)shape[0], (int)shape[1], (int)shape[2], (int)shape[3], (int)weight.shape[0]);
        var kernels = NormReluConvolution.For(height, width, inputs, outputs, stride);
        var saved = new Saved(kernels, images, threads, training);
        Tensor output;
        ChannelMoments moments;
        using (no_grad())
        using (NewDisposeScope())
        {
            saved.X = Rows(x.Values.detach()).DetachFromDisposeScope();
            saved.Weight = weight.detach().contiguous().DetachFromDisposeScope();
            var pixels = images * height * width;
            var statistics = training ? x.Moments ?? Moments(Pointer(saved.X), pixels, inputs, threads) : null;
            saved.Normalise(norm, statistics);
            var y = empty([images, kernels.Rows, kernels.Columns, outputs], dtype: ScalarType.BFloat16);
            var plainBias = bias?.detach().contiguous();
            var plainResidual = residual is null ? null : Rows(residual.detach());
            moments = kernels.Forward(
                images,
                Pointer(saved.X),
                saved.Scale,
                saved.Shift,
                (float*)Data(saved.Weight.Handle),
                plainBias is null ? null : (float*)Data(plainBias.Handle),
                plainResidual is null ? null : Pointer(plainResidual),
                Pointer(y),
                threads
            );
            output = y.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
        }
        var tensors = new List<Tensor> { x.Values, norm.Weight, norm.Bias, weight };
        if (bias is not null)
        {
            tensors.Add(bias);
        }
        if (residual is not null)
        {
            tensors.Add(residual);
        }
        if (!torch.is_grad_enabled() || !tensors.Exists(t => t.requires_grad))
        {
            saved.Dispose();
            return new Activations(output, moments);
        }
        var (hasBias, hasResidual) = (bias is not null, residual is not null);
        var attached = GradientNode.Attach(output, [.. tensors], upstream => saved.Gradients(upstream, hasBias, hasResidual), saved);
        return new Activations(attached, moments);
    }

    /// <summary>[n, c, h, w] → [n, h, w, c] without gaps; no copy of channels-last tensors.</summary>
    private static Tensor Rows(Tensor x) => x.permute(0, 2, 3, 1).contiguous();

    private static ushort* Pointer(Tensor x) => (ushort*)Data(x.Handle);

    private static ChannelMoments Moments(ushort* x, int pixels, int channels, int threads)
    {
        var parts = new ChannelMoments[threads];
        Workers.Run(
            threads,
            t =>
            {
                var (first, last) = Workers.Share(pixels, t, threads);
                parts[t] = ChannelMoments.Of(x + (nint)first * channels, last - first, channels);
            }
        );
        return ChannelMoments.Merge(parts);
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Data(nint tensor);

    /// <summary>What the backward pass needs.</summary>
    private sealed class Saved(NormReluConvolution kernels, int images, int threads, bool training) : IDisposable
    {
        public Tensor X = null!;
        public Tensor Weight = null!;
        public readonly float[] Scale = new float[kernels.Inputs];
        public readonly float[] Shift = new float[kernels.Inputs];
        private readonly float[] mean = new float[kernels.Inputs];
        private readonly double[] inverse = new double[kernels.Inputs];

        /// <summary>Takes scale and shift from the batch's moments, or without them from the running statistics.</summary>
        public void Normalise(Normalisation norm, ChannelMoments? batch)
        {
            var (weight, bias) = (norm.Weight.detach().data<float>(), norm.Bias.detach().data<float>());
            var (runningMean, runningVariance) = (norm.RunningMean.data<float>(), norm.RunningVariance.data<float>());
            for (var c = 0; c < Scale.Length; c++)
            {
                var (center, variance) = batch is null
                    ? (runningMean[c], runningVariance[c])
                    : (batch.Mean[c], batch.SquaredDistances[c] / batch.Count);
                if (batch is not null)
                {
                    var unbiased = batch.SquaredDistances[c] / (batch.Count - 1);
                    runningMean[c] = (float)((1 - norm.Momentum) * runningMean[c] + norm.Momentum * batch.Mean[c]);
                    runningVariance[c] = (float)((1 - norm.Momentum) * runningVariance[c] + norm.Momentum * unbiased);
                }
                inverse[c] = 1 / Math.Sqrt(variance + norm.Epsilon);
                mean[c] = (float)center;
                Scale[c] = (float)(weight[c] * inverse[c]);
                Shift[c] = (float)(bias[c] - center * weight[c] * inverse[c]);
            }
        }

        /// <summary>Gradients by x, γ, β, weight and, where there are, bias and residual.</summary>
        public Tensor?[] Gradients(Tensor upstream, bool hasBias, bool hasResidual)
        {
            var (inputs, outputs) = (kernels.Inputs, kernels.Outputs);
            var gradient = Rows(upstream);
            var byX = empty([images, kernels.Height, kernels.Width, inputs], dtype: ScalarType.BFloat16);
            var byWeight = empty([outputs, inputs, 3, 3], dtype: ScalarType.Float32);
            var byBias = hasBias ? empty([outputs], dtype: ScalarType.Float32) : null;
            var (sums, products) = kernels.Backward(
                images,
                Pointer(X),
                Scale,
                Shift,
                mean,
                (float*)Data(Weight.Handle),
                Pointer(gradient),
                Pointer(byX),
                (float*)Data(byWeight.Handle),
                byBias is null ? null : (float*)Data(byBias.Handle),
                threads
            );
            var (byScale, byShift) = (new float[inputs], new float[inputs]);
            var (direct, byValue, constant) = (new float[inputs], new float[inputs], new float[inputs]);
            var count = (double)images * kernels.Height * kernels.Width;
            for (var c = 0; c < inputs; c++)
            {
                byShift[c] = (float)sums[c];
                byScale[c] = (float)(products[c] * inverse[c]);
                direct[c] = Scale[c];
                if (training)
                {
                    // γ/σ · (g − mean of g − x̂ · mean of g x̂), written as a · g + b · x + c.
                    byValue[c] = (float)(-Scale[c] * inverse[c] * inverse[c] * products[c] / count);
                    constant[c] = (float)(-Scale[c] * sums[c] / count - (double)byValue[c] * mean[c]);
                }
            }
            Combine(Pointer(byX), Pointer(X), direct, byValue, constant);
            var all = new List<Tensor?> { byX.permute(0, 3, 1, 2), tensor(byScale), tensor(byShift), byWeight };
            if (hasBias)
            {
                all.Add(byBias);
            }
            if (hasResidual)
            {
                all.Add(gradient.permute(0, 3, 1, 2));
            }
            return [.. all];
        }

        public void Dispose()
        {
            X.Dispose();
            Weight.Dispose();
        }

        /// <summary>g = a · g + b · x + c, each channel with its own.</summary>
        private void Combine(ushort* g, ushort* x, float[] direct, float[] byValue, float[] constant)
        {
            var (pixels, inputs) = (images * kernels.Height * kernels.Width, kernels.Inputs);
            Workers.Run(
                threads,
                t =>
                {
                    var (first, last) = Workers.Share(pixels, t, threads);
                    fixed (
                        float* a = direct,
                            b = byValue,
                            c = constant
                    )
                    {
                        for (nint at = (nint)first * inputs; at < (nint)last * inputs; at += inputs)
                        {
                            for (var i = 0; i < inputs; i += 16)
                            {
                                var value = Bf16.Load(g + at + i) * Vector512.Load(a + i);
                                value += Bf16.Load(x + at + i) * Vector512.Load(b + i) + Vector512.Load(c + i);
                                Bf16.Round(value).Store(g + at + i);
                            }
                        }
                    }
                }
            );
        }
    }
}
