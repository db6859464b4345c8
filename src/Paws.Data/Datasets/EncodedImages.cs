namespace Paws.Data.Datasets;

/// <summary>Image files held in memory, without labels worth mentioning: what the input pipeline is measured on.</summary>
/// <param name="names">Names of the files.</param>
/// <param name="files">Their contents.</param>
/// <param name="scaledDecode">See <see cref="IEncodedDataset.ScaledDecode"/>.</param>
internal sealed class EncodedImages(string[] names, byte[][] files, bool scaledDecode) : IEncodedDataset
{
    public string Name => "files";

    public int Count => files.Length;

    public IReadOnlyList<string> Classes { get; } = ["image"];

    public IReadOnlyList<int> Labels { get; } = new int[files.Length];

    public bool ScaledDecode => scaledDecode;

    public string NameOf(int index) => names[index];

    public byte[] ReadFile(int index) => files[index];

    public DataException Unreadable(int index, string problem) => ImageDecoder.Unreadable(names[index], problem);

    public RgbImage Read(int index) => ImageDecoder.Decode(files[index], names[index]);

    /// <summary>The same images decoded, for those of one size.</summary>
    /// <exception cref="DataException">One does not decode, or has another size than the first.</exception>
    public PackedDataset Decoded()
    {
        var first = Read(0);
        int bytes = first.Pixels.Length;
        var pixels = new byte[files.Length * bytes];
        for (int i = 0; i < files.Length; i++)
        {
            var image = Read(i);
            if ((image.Width, image.Height) != (first.Width, first.Height))
            {
                throw new DataException(
                    $"{names[i]} has {image.Width} × {image.Height} pixels, {names[0]} {first.Width} × {first.Height}."
                );
            }
            image.Pixels.CopyTo(pixels.AsMemory(i * bytes));
        }
        return new(Name, Classes, new int[files.Length], pixels, first.Width, first.Height, NameOf);
    }

    public void Dispose() { }
}
