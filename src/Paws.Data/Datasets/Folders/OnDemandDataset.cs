namespace Paws.Data.Datasets.Folders;

/// <summary>Image files decoded each time they are read, for sets too large to keep decoded.</summary>
internal sealed class OnDemandDataset(string name, FolderListing listing, FolderFile[] files, bool scaledDecode) : IEncodedDataset
{
    public string Name => name;

    public int Count => files.Length;

    public IReadOnlyList<string> Classes => listing.Classes;

    public IReadOnlyList<int> Labels { get; } = Array.ConvertAll(files, file => file.Label);

    public string NameOf(int index) => files[index].Path;

    public bool ScaledDecode => scaledDecode;

    public RgbImage Read(int index) => ImageDecoder.Decode(ReadFile(index), PathOf(index));

    public byte[] ReadFile(int index) => ImageDecoder.ReadFile(PathOf(index));

    public DataException Unreadable(int index, string problem) => ImageDecoder.Unreadable(PathOf(index), problem);

    public void Dispose() { }

    private string PathOf(int index) => listing.FullPath(files[index]);
}
