namespace Paws.Data.Datasets.Shapes;

/// <summary>One part of the built-in images. Each image is drawn when it is first read, and kept.</summary>
internal sealed class DrawnDataset : IImageDataset
{
    private const int Bytes = Canvas.Size * Canvas.Size * 3;

    // One for each thread that draws.
    [ThreadStatic]
    private static Canvas? canvas;

    private readonly string partName;
    private readonly int part;
    private readonly int seed;
    private readonly ShapesOptions options;
    private readonly int[] labels;
    private readonly byte[]?[] images;

    /// <param name="partName">As in the names of images: <c>train</c>.</param>
    /// <param name="part">Number of the part; images of different parts differ.</param>
    /// <param name="count">Number of images, at least one of each class.</param>
    /// <param name="seed">Seed of the images.</param>
    /// <param name="options">Difficulty.</param>
    /// <exception cref="DataException">Too few images, or more than memory could hold.</exception>
    public DrawnDataset(string partName, int part, int count, int seed, ShapesOptions options)
    {
        var classes = Silhouette.Names.Length;
        if (count < classes || count > int.MaxValue / Bytes)
        {
            throw new DataException(
                $"The built-in shapes need between {classes} and {int.MaxValue / Bytes} images a part, got {count}. "
                    + "Set data.shapes_train and data.shapes_test."
            );
        }
        (this.partName, this.part, this.seed, this.options) = (partName, part, seed, options);
        labels = [.. Enumerable.Range(0, count).Select(i => i % classes)];
        images = new byte[count][];
    }

    /// <inheritdoc />
    public string Name => "shapes";

    /// <inheritdoc />
    public int Count => labels.Length;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => Silhouette.Names;

    /// <inheritdoc />
    public IReadOnlyList<int> Labels => labels;

    /// <inheritdoc />
    public string NameOf(int index) => $"{partName}/{Silhouette.Names[labels[index]]}/{index:D5}.png";

    /// <inheritdoc />
    public RgbImage Read(int index)
    {
        // Two threads that read the same new image draw the same bytes; either may be kept.
        var pixels = Volatile.Read(ref images[index]);
        if (pixels is null)
        {
            pixels = GC.AllocateUninitializedArray<byte>(Bytes);
            Scene.Draw(canvas ??= new(), labels[index], new SplitMix(seed, part, index), options, pixels);
            Volatile.Write(ref images[index], pixels);
        }
        return new(pixels, Canvas.Size, Canvas.Size);
    }

    /// <inheritdoc />
    public void Dispose() { }
}
