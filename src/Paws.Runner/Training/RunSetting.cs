using Paws.Data.Datasets;
using Paws.Data.Loading;
using Paws.Data.Splits;
using Paws.Model;
using Paws.Runner.Config;
using Paws.Runner.Doctor;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// What training and evaluation work with: configuration, data, labels, device, and what follows from them (recipes and samplers,
/// loaders, fresh encoders). Making one writes nothing, so that a mistake leaves nothing behind.
/// </summary>
internal sealed class RunSetting : IDisposable
{
    /// <summary>Batches made ahead of the trainer.</summary>
    private const int BatchesAhead = 3;

    private RunSetting(
        PawsConfig config,
        DatasetPair data,
        LabelSplit labels,
        torch.Device device,
        torch.ScalarType computeType,
        Workers ranks,
        CancellationToken stop
    )
    {
        (Config, Data, Labels, Device, ComputeType, Ranks, Stop) = (config, data, labels, device, computeType, ranks, stop);
        Labeled = [.. labels.Indices];
        Plans = new Plans(this);
    }

    /// <summary>Resolved configuration.</summary>
    public PawsConfig Config { get; }

    /// <summary>Training and test images.</summary>
    public DatasetPair Data { get; }

    /// <summary>Which training images are labeled, and by whose word.</summary>
    public LabelSplit Labels { get; }

    /// <summary>Indices of the labeled training images.</summary>
    public int[] Labeled { get; }

    /// <summary>Where tensors live.</summary>
    public torch.Device Device { get; }

    /// <summary>Type of convolutions and activations.</summary>
    public torch.ScalarType ComputeType { get; }

    /// <summary>This process among the ranks of the run.</summary>
    public Workers Ranks { get; }

    /// <summary>
    /// Asks to stop whatever waits or takes long and is not a training step. Of several ranks none is asked so: they agree before each step.
    /// </summary>
    public CancellationToken Stop { get; }

    /// <summary>Which images form which step.</summary>
    public Plans Plans { get; }

    /// <summary>Element type of batches: the encoder's input type.</summary>
    public PixelType PixelType => ComputeType == torch.ScalarType.BFloat16 ? PixelType.BFloat16 : PixelType.Float32;

    /// <summary>Threads that make batches.</summary>
    public int Workers => Config.Data.Workers > 0 ? Config.Data.Workers : Math.Max(1, Environment.ProcessorCount / 2 / Ranks.LocalSize);

    private ulong Seed => (ulong)(uint)Config.Meta.Seed;

    /// <summary>Opens data and device as the configuration says.</summary>
    /// <param name="config">Resolved configuration.</param>
    /// <param name="console">Where progress and what was found are told.</param>
    /// <param name="ranks">This process among the ranks of the run; null for one.</param>
    /// <param name="asked">What the user asked for, where the rest may be fitted to the data; null fits nothing.</param>
    /// <param name="stop">Asks to stop, while data is opened and later.</param>
    /// <param name="keepBadImages">Whether unreadable images stay in the listing, see <see cref="RunData.KeepsBadImages"/>.</param>
    /// <param name="replaced">Told the unreadable images that are met later and replaced, where they are to be skipped.</param>
    public static RunSetting Open(
        PawsConfig config,
        CommandConsole console,
        Workers? ranks = null,
        AskedSettings? asked = null,
        CancellationToken stop = default,
        bool keepBadImages = false,
        Action<SkippedImage>? replaced = null
    )
    {
        ranks ??= Parallel.Workers.Single;
        LibTorch.Prepare();
        var device = LibTorch.Resolve(config.Meta.Device);
        torch.set_num_threads(config.Meta.Threads > 0 ? config.Meta.Threads : Math.Max(1, Environment.ProcessorCount / ranks.LocalSize));
        var bf16 = config.Meta.UseFp16 && (device.type == DeviceType.CUDA || CpuFeatures.HasNativeBf16);
        var data = OpenData(config, console, keepBadImages, stop);
        try
        {
            if (asked is not null)
            {
                CheckClasses(config, asked, data.Train);
                config = LabelFit.Of(config, asked, SizesOf(data.Train.Classes.Count, data.Train.Labels));
                (config, var notes) = ImagesFit.Of(config, asked.Keys, data.Train.Count);
                foreach (var note in notes)
                {
                    console.Note(note);
                }
            }
            var labels = Split(config, data);
            console.Say($"{data.Description}; {labels.Indices.Count} labeled images ({labels.Source})");
            if (asked is not null)
            {
                if (labels.Uneven is { } uneven && !asked.Recorded)
                {
                    console.Note(uneven);
                }
                var fewest = SizesOf(data.Train.Classes.Count, labels.Indices.Select(index => data.Train.Labels[index])).Min();
                (config, var note) = SupportFit.Of(config, asked.Keys, fewest);
                if (note is not null)
                {
                    console.Note(note);
                }
                if (!asked.Recorded)
                {
                    foreach (var smaller in LabeledBatches.Notes(config, asked.Keys, labels.Indices.Count, fewest))
                    {
                        console.Note(smaller);
                    }
                }
            }
            if (data.SkippedImages.Count > 0)
            {
                console.Say($"skipped {data.SkippedImages.Count} images that cannot be read, the first: {data.SkippedImages[0].Name}");
            }
            if (config.Data.SkipBadImages)
            {
                var seed = (ulong)(uint)config.Meta.Seed;
                data = data with
                {
                    Train = new ReplacingDataset(data.Train, labels.Indices, seed, replaced),
                    Test = new ReplacingDataset(data.Test, [], seed, replaced),
                };
            }
            return new RunSetting(
                config,
                data,
                labels,
                device,
                bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
                ranks,
                ranks.Alone ? stop : CancellationToken.None
            );
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>The fewest labeled images that a class has.</summary>
    public int FewestLabels() => SizesOf(Data.Train.Classes.Count, Labeled.Select(index => Data.Train.Labels[index])).Min();

    /// <summary>A fresh encoder as configured, on the device. <paramref name="salt"/> tells apart the encoders of one run.</summary>
    public Encoder NewEncoder(int salt = 0)
    {
        var meta = Config.Meta;
        var layers = meta.ProjLayers ?? TrainMethod.ProjLayers(Config.Method.Name);
        var spec = new EncoderSpec(meta.ModelName, meta.OutputDim, layers, meta.UsePredHead);
        var encoder = EncoderModule.create(spec, Config.Meta.Seed * 7919 + salt);
        encoder.To(Device, torch.float32);
        encoder.ComputeType = ComputeType;
        encoder.SumOverWorkers = Ranks.Alone ? null : Ranks.SumOrDie;
        return encoder;
    }

    /// <summary>A loader of training batches from <paramref name="firstStep"/> on; null from <paramref name="plan"/> ends it.</summary>
    public BatchLoader OpenLoader(Func<int, BatchPlan?> plan, int firstStep) =>
        new(Data.Train, plan, firstStep, PixelType, Seed, Workers, BatchesAhead, AllocateMemory);

    /// <summary>A loader of some images at centre crop, in order.</summary>
    public BatchLoader OpenEvaluationLoader(IImageDataset data, int[] indices) =>
        new(data, Plans.Sequential(indices).At, 0, PixelType, Seed, Math.Max(2, Workers), BatchesAhead, AllocateMemory);

    /// <inheritdoc />
    public void Dispose() => Data.Dispose();

    private BatchMemory AllocateMemory(long bytes) => TensorMemory.Allocate(bytes, PixelType, pinned: Device.type == DeviceType.CUDA);

    private static DatasetPair OpenData(PawsConfig config, CommandConsole console, bool keepBadImages, CancellationToken stop)
    {
        using var view = ConsoleProgress.Create(console.People);
        using var progress = new CountingProgress(view, "decoding images");
        return DatasetOpener.Open(DatasetRequests.From(config) with { KeepBadImages = keepBadImages }, progress.Report, console.Warn, stop);
    }

    /// <summary>How many there are of each class; images without one are left out.</summary>
    private static int[] SizesOf(int classes, IEnumerable<int> labels)
    {
        var counts = new int[classes];
        foreach (var label in labels.Where(label => label != IImageDataset.NoClass))
        {
            counts[label]++;
        }
        return counts;
    }

    /// <summary>A number of classes that the user gave is what the data has.</summary>
    private static void CheckClasses(PawsConfig config, AskedSettings asked, IImageDataset train)
    {
        if (asked.Keys.Contains("data.num_classes") && config.Data.NumClasses is { } said && said != train.Classes.Count)
        {
            throw new UserErrorException(
                $"data.num_classes is {said}, and the data has {train.Classes.Count} classes; leave it out, or set it to {train.Classes.Count}"
            );
        }
    }

    /// <summary>The labeled images: from a file, or so many in all, or so many of each class, or a share, in this order of precedence.</summary>
    private static LabelSplit Split(PawsConfig config, DatasetPair images)
    {
        var (data, train) = (config.Data, images.Train);
        var seed = data.DataSeed ?? config.Meta.Seed;
        return data switch
        {
            { LabelFile: { } file } => LabelSplit.FromFile(file, train, DataLocation.Directory(config), images.Test),
            { Labels: LabelNumber.All } => LabelSplit.All(train.Labels, train.Classes),
            { Labels: { } number } => LabelSplit.ByTotal(train.Labels, train.Classes, LabelNumber.Parse(number)!.Value, seed),
            { LabelsPerClass: { } perClass } => LabelSplit.ByCount(train.Labels, train.Classes, perClass, seed),
            { UnlabeledFrac: { } unlabeled } => LabelSplit.ByFraction(train.Labels, train.Classes, 1 - unlabeled, seed),
            _ => throw new UserErrorException(
                "how many images are labeled is not said; give --labels N, --label-file FILE, or data.labels_per_class"
            ),
        };
    }
}
