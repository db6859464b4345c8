namespace Paws.Data.Datasets;

/// <summary>Images, most of them with class labels, addressed by index. Reading is safe from any number of threads.</summary>
public interface IImageDataset : IDisposable
{
    /// <summary>
    /// The label of an image that belongs to no known class. Training images alone may have it: they are seen without labels, and
    /// are never labeled, counted as a class or tested on.
    /// </summary>
    const int NoClass = -1;

    /// <summary>A short name for tables and reports, such as <c>cifar10</c>.</summary>
    string Name { get; }

    /// <summary>Number of images.</summary>
    int Count { get; }

    /// <summary>Class names; a label is an index into this list.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>The label of each image, in [0, Classes.Count), or <see cref="NoClass"/>.</summary>
    IReadOnlyList<int> Labels { get; }

    /// <summary>A name a person can find the image by: its file name, or file and position.</summary>
    string NameOf(int index);

    /// <summary>The decoded image. The memory stays valid as long as the data set does or until garbage collected; never write to it.</summary>
    /// <exception cref="DataException">The image cannot be read; the message names it.</exception>
    RgbImage Read(int index);
}
