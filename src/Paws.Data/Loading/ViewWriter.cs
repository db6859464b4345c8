using Paws.Data.Augment;
using Paws.Data.Datasets;

namespace Paws.Data.Loading;

/// <summary>What one thread needs to make views: an augmenter, and memory for the image it is at.</summary>
internal sealed class ViewWriter
{
    private byte[] memory = [];

    /// <summary>Makes the views.</summary>
    public Augmenter Augmenter { get; } = new();

    /// <summary>The pixels of an image, decoded if need be. They stay until the next call.</summary>
    /// <param name="dataset">Where it comes from.</param>
    /// <param name="index">Which.</param>
    /// <param name="groups">
    /// The recipes that its views may be of; how large it is decoded depends on all of them, so that a view does not depend on
    /// what else is made of the image.
    /// </param>
    /// <exception cref="DataException">It cannot be read.</exception>
    public PixelRows Read(IImageDataset dataset, int index, IReadOnlyList<BatchGroup> groups) =>
        dataset is ReplacingDataset replacing
            ? replacing.Read(index, (images, at) => ReadAsIs(images, at, groups))
            : ReadAsIs(dataset, index, groups);

    private PixelRows ReadAsIs(IImageDataset dataset, int index, IReadOnlyList<BatchGroup> groups)
    {
        if (dataset is not IEncodedDataset encoded)
            return new PixelRows(dataset.Read(index));
        using var image = EncodedImage.Open(encoded.ReadFile(index), out string? problem) ?? throw encoded.Unreadable(index, problem!);
        int reduction = encoded.ScaledDecode ? ScaledDecode.Reduction(image.Width, image.Height, groups.Select(group => group.Recipe)) : 1;
        var pixels = image.Decode(reduction, ref memory, out problem);
        return problem is null ? pixels : throw encoded.Unreadable(index, problem);
    }
}
