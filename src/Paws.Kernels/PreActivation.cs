using TorchSharp;
using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>Batch normalisation's tensors, all [channels] in fp32 on the CPU without gaps, and constants.</summary>
/// <param name="Weight">Scale γ.</param>
/// <param name="Bias">Shift β.</param>
/// <param name="RunningMean">Updated in training.</param>
/// <param name="RunningVariance">Updated in training, with the variance over n − 1.</param>
/// <param name="Momentum">Weight of a new batch in the running statistics.</param>
/// <param name="Epsilon">Added to the variance.</param>
/// <param name="SumOverWorkers">
/// Replaces a tensor (float64, on the CPU) by its sum over all workers whose batches share their statistics; null of one worker. Called
/// once in a forward and once in a backward pass, on the thread of the pass, in the same order by all.
/// </param>
public sealed record Normalisation(
    Tensor Weight,
    Tensor Bias,
    Tensor RunningMean,
    Tensor RunningVariance,
    double Momentum,
    double Epsilon,
    Action<Tensor>? SumOverWorkers = null
);

/// <summary>Activations and, where they are known already, the moments of their channels.</summary>
/// <param name="Values">bf16 [n, c, h, w], channels-last.</param>
/// <param name="Moments">Of Values; null if nobody took them yet.</param>
public readonly record struct Activations(Tensor Values, ChannelMoments? Moments);

/// <summary>
/// Batch normalisation, ReLU and 3 × 3 convolution, and the residual block of two of them, each as one differentiable operation on the
/// CPU in bf16 (<see cref="NormReluConvolution"/>). First derivatives only.
/// </summary>
/// <param name="Norm">What comes first.</param>
/// <param name="Weight">fp32 [outputs, c, 3, 3].</param>
/// <param name="Bias">fp32 [outputs], or null.</param>
/// <param name="Stride">1 or 2.</param>
public sealed record PreActivation(Normalisation Norm, Tensor Weight, Tensor? Bias, int Stride)
{
    /// <summary>Whether there are kernels for these images: on the CPU in bf16, 16n channels (<see cref="KernelSupport"/>).</summary>
    /// <param name="x">[n, c, h, w].</param>
    /// <param name="outputs">Channels of the convolution's output.</param>
    /// <param name="stride">Of the convolution.</param>
    public static bool Supports(Tensor x, int outputs, int stride) =>
        x.dtype == ScalarType.BFloat16
        && x.device_type == DeviceType.CPU
        && x.Dimensions == 4
        && NormReluConvolution.Supports((int)x.shape[2], (int)x.shape[3], (int)x.shape[1], outputs, stride);

    /// <summary>convolution(max(0, norm(x))) + bias [+ residual] and its moments.</summary>
    /// <param name="x">What is normalised.</param>
    /// <param name="training">Whether the statistics are the batch's, and the running ones are updated.</param>
    /// <param name="residual">bf16, of the output's shape and channels-last; or null.</param>
    public Activations Apply(Activations x, bool training, Tensor? residual)
    {
        LayerPass pass;
        Tensor output;
        using (no_grad())
        using (NewDisposeScope())
        {
            var added = residual is null ? null : TensorMemory.ChannelsLast(residual);
            pass = new LayerPass(TensorMemory.ChannelsLast(x.Values), x.Moments, this, training, added);
            output = pass.Output.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
        }
        List<Tensor> inputs = [x.Values, .. Parameters];
        if (residual is not null)
        {
            inputs.Add(residual);
        }
        var y = Attach(
            output,
            inputs,
            upstream =>
            {
                var gradient = TensorMemory.ChannelsLast(upstream);
                var (byX, byParameters) = pass.Gradients(gradient, null);
                List<Tensor?> all = [Image(byX), .. byParameters.Take(Parameters.Length)];
                if (residual is not null)
                {
                    all.Add(Image(gradient));
                }
                return [.. all];
            },
            [pass]
        );
        return new Activations(y, pass.OutputMoments);
    }

    /// <summary>second(first(x)) + x and its moments: a residual block whose layers keep the shape.</summary>
    /// <param name="x">What is normalised and added.</param>
    /// <param name="first">The layer that sees x.</param>
    /// <param name="second">The layer that sees the first's output.</param>
    /// <param name="training">Whether the statistics are the batch's, and the running ones are updated.</param>
    public static Activations ApplyBlock(Activations x, PreActivation first, PreActivation second, bool training)
    {
        LayerPass one;
        LayerPass two;
        Tensor output;
        using (no_grad())
        using (NewDisposeScope())
        {
            var values = TensorMemory.ChannelsLast(x.Values);
            one = new LayerPass(values, x.Moments, first, training, null);
            two = new LayerPass(one.Output, one.OutputMoments, second, training, values);
            output = two.Output.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
        }
        var y = Attach(
            output,
            [x.Values, .. first.Parameters, .. second.Parameters],
            upstream =>
            {
                var gradient = TensorMemory.ChannelsLast(upstream);
                var (between, bySecond) = two.Gradients(gradient, null);
                var (byX, byFirst) = one.Gradients(between, gradient);
                return [Image(byX), .. byFirst.Take(first.Parameters.Length), .. bySecond.Take(second.Parameters.Length)];
            },
            [one, two]
        );
        return new Activations(y, two.OutputMoments);
    }

    private Tensor[] Parameters => Bias is null ? [Norm.Weight, Norm.Bias, Weight] : [Norm.Weight, Norm.Bias, Weight, Bias];

    private static Tensor Image(Tensor rows) => rows.permute(0, 3, 1, 2);

    private static Tensor Attach(Tensor output, List<Tensor> inputs, Func<Tensor, Tensor?[]> gradients, LayerPass[] passes)
    {
        if (is_grad_enabled() && inputs.Exists(t => t.requires_grad))
        {
            return GradientNode.Attach(output, [.. inputs], gradients, passes);
        }
        Array.ForEach(passes, p => p.Dispose());
        return output;
    }
}
