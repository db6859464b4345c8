using System.Diagnostics;
using Paws.Model;
using Paws.Runner.Startup;
using Paws.Runner.Training;
using TorchSharp;

namespace Paws.Runner.Bench;

/// <summary>
/// Times the training step on images that are already on the device: forward passes, PAWS loss, backward pass, LARS. The pieces
/// are those of training; the data pipeline is measured by itself.
/// </summary>
internal sealed class StepBench : IDisposable
{
    private const int EncoderSeed = 0;
    private const double LearningRate = 0.1;

    private readonly StepBenchOptions options;
    private readonly Encoder encoder;
    private readonly FlatParameters parameters;
    private readonly Lars optimizer;
    private readonly PawsLossOptions loss = PawsLossOptions.Create(0.1, 0.25, true);
    private readonly torch.Tensor labels;
    private readonly torch.Tensor[] groups;

    /// <summary>Builds encoder, optimiser and images.</summary>
    /// <exception cref="UserErrorException">The encoder or the device is not there.</exception>
    public StepBench(StepBenchOptions options)
    {
        this.options = options;
        LibTorch.Prepare();
        Device = LibTorch.Resolve(options.Device);
        if (options.Profile && Device.type != DeviceType.CUDA)
        {
            throw new UserErrorException($"--profile marks a step for NVIDIA's profilers; it needs --device cuda, and this is {Device}");
        }
        torch.set_num_threads(options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
        ComputeType = options.Precision.IsBf16(Device.type) ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
        using var scope = torch.NewDisposeScope();
        encoder = Make(new EncoderSpec(options.ModelName(), options.Out, projLayers: 3, options.Predictor));
        encoder.To(Device, torch.float32);
        encoder.ComputeType = ComputeType;
        encoder.Train();
        parameters = new FlatParameters(encoder.NamedParameters());
        optimizer = new Lars(parameters, LarsOptions.Default);
        labels = options.Labels(Device).DetachFromDisposeScope();
        groups = [Images(options.SupportRows + 2 * options.Batch, options.Size)];
        if (options.Crops > 0)
        {
            groups = [groups[0], Images(options.Crops * options.Batch, options.CropSize)];
        }
    }

    /// <summary>Where the step runs.</summary>
    public torch.Device Device { get; }

    /// <summary>Type of convolutions and activations.</summary>
    public torch.ScalarType ComputeType { get; }

    /// <summary>Multiplications and additions of the convolutions in a step, forward and backward.</summary>
    public double ConvolutionFlops => 3 * groups.Sum(group => group.shape[0] * Arithmetic.ConvolutionFlops(encoder, (int)group.shape[2]));

    /// <summary>One step, waited for.</summary>
    /// <param name="last">Whether to read the loss.</param>
    /// <returns>Seconds, and the loss where it was asked for.</returns>
    public (double Seconds, double? Loss) Step(bool last = false)
    {
        Synchronize();
        bool marked = last && options.Profile;
        if (marked)
        {
            CudaDriver.MarkProfile(starts: true);
        }
        var start = Stopwatch.GetTimestamp();
        using var scope = torch.NewDisposeScope();
        var (h, z) = encoder.Forward(groups);
        var result = PawsLoss.ofBatch(loss, options.SupportRows, options.Batch, options.Crops, labels, z, h);
        parameters.ZeroGrad();
        result.Total.backward();
        optimizer.Step(LearningRate);
        Synchronize();
        if (marked)
        {
            CudaDriver.MarkProfile(starts: false);
        }
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, last ? result.Total.cpu().item<float>() : null);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var group in groups)
        {
            group.Dispose();
        }
        labels.Dispose();
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)parameters).Dispose();
        ((IDisposable)encoder).Dispose();
    }

    private static Encoder Make(EncoderSpec spec)
    {
        try
        {
            return EncoderModule.create(spec, EncoderSeed);
        }
        catch (ArgumentException e)
        {
            throw new UserErrorException(e.Message.Split('\n', 2)[0], e);
        }
    }

    /// <summary>Random images in channels-last order, as the loader makes them.</summary>
    private torch.Tensor Images(int count, int size) =>
        torch.randn([count, size, size, 3], device: Device).to(ComputeType).permute(0, 3, 1, 2).DetachFromDisposeScope();

    private void Synchronize()
    {
        if (Device.type == DeviceType.CUDA)
        {
            torch.cuda.synchronize();
        }
    }
}
