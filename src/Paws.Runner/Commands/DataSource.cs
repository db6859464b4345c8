using Paws.Data.Datasets;
using Paws.Runner.Reporting;

namespace Paws.Runner.Commands;

/// <summary>Opens the folder that a data verb names.</summary>
internal static class DataSource
{
    /// <summary>Opens whatever lies in the folder, showing progress while images are decoded.</summary>
    public static DatasetPair Open(
        string folder,
        CommandConsole console,
        string task,
        bool skipBadImages,
        CancellationToken stop,
        string? cache = null
    )
    {
        using var view = ConsoleProgress.Create(console.People);
        using var progress = new CountingProgress(view, task);
        return DatasetOpener.Open(
            new DatasetRequest
            {
                Root = folder,
                SkipBadImages = skipBadImages,
                CacheDirectory = cache,
            },
            progress.Report,
            console.Warn,
            stop
        );
    }

    /// <summary>How many images there are, in words.</summary>
    public static string Count(DatasetPair data)
    {
        var withoutClass = data.WithoutClass > 0 ? $" ({data.WithoutClass} without a class)" : "";
        return $"{data.Train.Count} training{withoutClass} and {data.Test.Count} test images";
    }

    /// <summary>Writes a data set as folders of PNG files, showing progress.</summary>
    public static void Write(DatasetPair data, string folder, CommandConsole console, CancellationToken stop)
    {
        using var view = ConsoleProgress.Create(console.People);
        using var progress = new CountingProgress(view, "writing");
        FolderExport.WriteTo(data, folder, progress.Report, stop);
    }
}
