using Paws.Data.Datasets;
using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Config;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>What every part of a run shares: configuration, data, labels, device, where results go, and whether to stop.</summary>
internal sealed class RunContext : IDisposable
{
    /// <summary>Batches made ahead of the trainer.</summary>
    private const int BatchesAhead = 3;

    /// <summary>Resolved configuration.</summary>
    public required PawsConfig Config { get; init; }

    /// <summary>The run directory.</summary>
    public required string Directory { get; init; }

    /// <summary>Training and test images.</summary>
    public required DatasetPair Data { get; init; }

    /// <summary>Hash of what must not change between a run and its continuation.</summary>
    public required string ConfigHash { get; init; }

    /// <summary>Indices of the labeled training images.</summary>
    public required int[] Labeled { get; init; }

    /// <summary>Where tensors live.</summary>
    public required torch.Device Device { get; init; }

    /// <summary>Type of convolutions and activations.</summary>
    public required torch.ScalarType ComputeType { get; init; }

    /// <summary>Metrics file.</summary>
    public required MetricsWriter Metrics { get; init; }

    /// <summary>What the user sees while it runs.</summary>
    public required IProgressView Progress { get; init; }

    /// <summary>Cancelled by Ctrl-C.</summary>
    public required CancellationToken Stop { get; init; }

    /// <summary>How far the run has come.</summary>
    public required RunProgress State { get; init; }

    /// <summary>Which images form which step.</summary>
    public Plans Plans => field ??= new Plans(this);

    /// <summary>Labeled images of each class.</summary>
    public int[] LabelsPerClass => field ??= CountLabels();

    /// <summary>Element type of batches: the encoder's input type.</summary>
    public PixelType PixelType => ComputeType == torch.ScalarType.BFloat16 ? PixelType.BFloat16 : PixelType.Float32;

    private ulong Seed => (ulong)(uint)Config.Meta.Seed;

    /// <summary>A fresh encoder as configured, on the device. <paramref name="salt"/> tells apart the encoders of one run.</summary>
    public Encoder NewEncoder(int salt = 0)
    {
        var spec = new EncoderSpec(Config.Meta.ModelName, Config.Meta.OutputDim, Config.Meta.UsePredHead);
        var encoder = EncoderModule.create(spec, Config.Meta.Seed * 7919 + salt);
        encoder.To(Device, torch.float32);
        encoder.ComputeType = ComputeType;
        return encoder;
    }

    /// <summary>A loader of training batches from <paramref name="firstStep"/> on; null from <paramref name="plan"/> ends it.</summary>
    public BatchLoader OpenLoader(Func<int, BatchPlan?> plan, int firstStep) =>
        new(Data.Train, plan, firstStep, PixelType, Seed, Workers, BatchesAhead, AllocateMemory);

    /// <summary>A loader of some images at centre crop, in order.</summary>
    public BatchLoader OpenEvaluationLoader(IImageDataset data, int[] indices) =>
        new(data, Plans.Sequential(indices).At, 0, PixelType, Seed, Math.Max(2, Workers), BatchesAhead, AllocateMemory);

    /// <summary>The groups of a batch as [rows, 3, s, s] in channels-last order on the device; on the CPU without a copy.</summary>
    public IReadOnlyList<torch.Tensor> ToDevice(Batch batch)
    {
        var groups = new torch.Tensor[batch.Plan.Groups.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            var group = batch.Plan.Groups[i];
            var images = ((TensorMemory)batch.Memory[i]).Images(group.Rows.Length, group.Recipe.Size);
            groups[i] = Device.type == DeviceType.CPU ? images : images.to(Device);
        }
        return groups;
    }

    /// <summary>Writes a checkpoint from which the run continues bit for bit.</summary>
    public void Save(IPhase phase, PhaseState state)
    {
        Metrics.Flush();
        var tensors = EncoderState(phase.Encoder, RunCheckpoint.EncoderPrefix).Concat(phase.State);
        RunCheckpoint.Save(
            Path.Combine(Directory, RunCheckpoint.FileName),
            tensors,
            new RunState
            {
                Phase = phase.Name,
                Step = state.Step,
                Seconds = state.Seconds,
                ConfigHash = ConfigHash,
                Extra = State.ToJson(),
            }
        );
    }

    /// <summary>An encoder's parameters and buffers under their published names, behind a prefix.</summary>
    public static IEnumerable<(string Name, torch.Tensor Value)> EncoderState(Encoder encoder, string prefix = "") =>
        encoder.NamedParameters().Concat(encoder.NamedBuffers()).Select(t => (prefix + t.Name, t.Value));

    /// <summary>LARS as published, with these settings.</summary>
    public static LarsOptions LarsOptions(double momentum, double weightDecay, bool nesterov) =>
        new(
            momentum,
            weightDecay,
            nesterov,
            useLars: true,
            Model.LarsOptions.Default.TrustCoefficient,
            Model.LarsOptions.Default.Epsilon
        );

    /// <summary>AdamW with its usual moments and this weight decay.</summary>
    public static AdamWOptions AdamWOptions(double weightDecay)
    {
        var usual = Model.AdamWOptions.Default;
        return new(usual.Beta1, usual.Beta2, usual.Epsilon, weightDecay);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Metrics.Dispose();
        Data.Dispose();
    }

    private int Workers => Config.Data.Workers > 0 ? Config.Data.Workers : Math.Max(1, Environment.ProcessorCount / 2);

    private BatchMemory AllocateMemory(long bytes) => TensorMemory.Allocate(bytes, PixelType, pinned: Device.type == DeviceType.CUDA);

    private int[] CountLabels()
    {
        var counts = new int[Data.Train.Classes.Count];
        foreach (var index in Labeled)
        {
            counts[Data.Train.Labels[index]]++;
        }
        return counts;
    }
}
