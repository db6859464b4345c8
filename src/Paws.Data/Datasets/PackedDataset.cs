namespace Paws.Data.Datasets;

/// <summary>Decoded images in one block of memory. Reading costs nothing: an image is a slice of the block.</summary>
public sealed class PackedDataset : IImageDataset
{
    private readonly ReadOnlyMemory<byte> pixels;
    private readonly PackedImage[] images;
    private readonly int[] labels;
    private readonly Func<int, string> nameOf;
    private readonly IDisposable? owner;

    /// <summary>Images of any sizes inside a block.</summary>
    /// <param name="name">Name of the data set.</param>
    /// <param name="classes">Class names.</param>
    /// <param name="labels">Class of each image, or <see cref="IImageDataset.NoClass"/>.</param>
    /// <param name="pixels">The block: interleaved RGB.</param>
    /// <param name="images">Where each image lies in the block.</param>
    /// <param name="nameOf">Name of an image by index.</param>
    /// <param name="owner">What keeps the block alive, disposed with the data set.</param>
    internal PackedDataset(
        string name,
        IReadOnlyList<string> classes,
        int[] labels,
        ReadOnlyMemory<byte> pixels,
        PackedImage[] images,
        Func<int, string> nameOf,
        IDisposable? owner = null
    )
    {
        Name = name;
        Classes = classes;
        this.labels = labels;
        this.pixels = pixels;
        this.images = images;
        this.nameOf = nameOf;
        this.owner = owner;
    }

    /// <summary>Images of one size, one after the other: labels.Length · width · height · 3 bytes of interleaved RGB.</summary>
    public PackedDataset(
        string name,
        IReadOnlyList<string> classes,
        int[] labels,
        ReadOnlyMemory<byte> pixels,
        int width,
        int height,
        Func<int, string> nameOf
    )
        : this(name, classes, labels, pixels, OneSize(labels.Length, width, height), nameOf) { }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public int Count => labels.Length;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc />
    public IReadOnlyList<int> Labels => labels;

    /// <inheritdoc />
    public string NameOf(int index) => nameOf(index);

    /// <inheritdoc />
    public RgbImage Read(int index)
    {
        var (offset, width, height) = images[index];
        if (width == 0)
        {
            throw DataException.Unreadable(new(nameOf(index), "it could not be decoded"));
        }
        return new(pixels.Slice((int)offset, width * height * 3), width, height);
    }

    /// <inheritdoc />
    public void Dispose() => owner?.Dispose();

    private static PackedImage[] OneSize(int count, int width, int height)
    {
        var images = new PackedImage[count];
        for (var i = 0; i < count; i++)
        {
            images[i] = new((long)i * width * height * 3, width, height);
        }

        return images;
    }
}

/// <summary>Place of one image in a block of pixels; a width of 0 stands for an image that cannot be read.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
internal readonly record struct PackedImage(long Offset, int Width, int Height)
{
    /// <summary>Bytes of the decoded image.</summary>
    public long Bytes => (long)Width * Height * 3;
}
