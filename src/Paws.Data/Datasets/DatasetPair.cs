namespace Paws.Data.Datasets;

/// <summary>An image that was left out because it cannot be read.</summary>
/// <param name="Name">Its path or name.</param>
/// <param name="Reason">What is wrong with it, in a few words.</param>
public sealed record SkippedImage(string Name, string Reason);

/// <summary>A data set as it was found: images to train on and images to test on, with the same classes.</summary>
/// <param name="Train">Training images: all of them are used without labels, a chosen few of those with a class with labels.</param>
/// <param name="Test">Test images; each has a class.</param>
/// <param name="Description">One line saying what was found and how it was split.</param>
/// <param name="SkippedImages">Images that were left out; empty unless skipping was asked for.</param>
public sealed record DatasetPair(IImageDataset Train, IImageDataset Test, string Description, IReadOnlyList<SkippedImage> SkippedImages)
    : IDisposable
{
    /// <summary>Which folder was taken for what; null for what is no folder of class folders.</summary>
    public FolderLayout? Layout { get; init; }

    /// <summary>How many training images have no class.</summary>
    public int WithoutClass => Train.Labels.Count(label => label == IImageDataset.NoClass);

    /// <summary>Frees both.</summary>
    public void Dispose()
    {
        Train.Dispose();
        Test.Dispose();
    }
}
