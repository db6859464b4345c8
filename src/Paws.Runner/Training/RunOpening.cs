using System.Security.Cryptography;
using System.Text;
using Paws.Data.Datasets;
using Paws.Data.Splits;
using Paws.Runner.Config;
using Paws.Runner.Doctor;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>From a configuration to data, labels and device. Writes nothing, so that a mistake leaves nothing behind.</summary>
internal sealed record RunOpening(DatasetPair Data, LabelSplit Labels, torch.Device Device, torch.ScalarType ComputeType)
{
    /// <summary>Opens what a run works on.</summary>
    /// <param name="config">Resolved configuration.</param>
    /// <param name="console">Where progress and what was found are told.</param>
    public static RunOpening Open(PawsConfig config, CommandConsole console)
    {
        LibTorch.Prepare();
        var device = LibTorch.Resolve(config.Meta.Device);
        var threads = config.Meta.Threads > 0 ? config.Meta.Threads : Environment.ProcessorCount;
        torch.set_num_threads(threads);
        var bf16 = config.Meta.UseFp16 && (device.type == DeviceType.CUDA || CpuFeatures.HasNativeBf16);
        var data = OpenData(config, console);
        try
        {
            var labels = Split(config, data.Train);
            console.Say($"{data.Description}; {labels.Indices.Count} labeled images ({labels.Source})");
            if (data.SkippedImages.Count > 0)
            {
                console.Say($"skipped {data.SkippedImages.Count} images that cannot be read, the first: {data.SkippedImages[0].Name}");
            }
            return new RunOpening(data, labels, device, bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Hash of a configuration, logging left out: what must not change between a run and its continuation.</summary>
    public static string HashOf(PawsConfig config)
    {
        var computed = config with { Logging = new LoggingSection() };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ConfigWriter.ToYaml(computed))));
    }

    private static DatasetPair OpenData(PawsConfig config, CommandConsole console)
    {
        using var view = ConsoleProgress.Create(console.People);
        using var progress = new CountingProgress(view, "decoding images");
        return DatasetOpener.Open(DatasetRequests.From(config), progress.Report);
    }

    /// <summary>The labeled images: from a file, or so many of each class, or a share, in this order of precedence.</summary>
    private static LabelSplit Split(PawsConfig config, IImageDataset train)
    {
        var data = config.Data;
        var seed = data.DataSeed ?? config.Meta.Seed;
        return data switch
        {
            { LabelFile: { } file } => LabelSplit.FromFile(file, train),
            { LabelsPerClass: { } perClass } => LabelSplit.ByCount(train.Labels, train.Classes, perClass, seed),
            { UnlabeledFrac: { } unlabeled } => LabelSplit.ByFraction(train.Labels, train.Classes, 1 - unlabeled, seed),
            _ => throw new UserErrorException(
                "how many images are labeled is not said; give --labels N, --label-file FILE, or data.labels_per_class"
            ),
        };
    }
}
