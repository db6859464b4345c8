namespace Paws.Data.Datasets.Folders;

/// <summary>Image files decoded each time they are read, for sets too large to keep decoded.</summary>
internal sealed class OnDemandDataset(string name, FolderListing listing, FolderFile[] files) : IImageDataset
{
    public string Name => name;

    public int Count => files.Length;

    public IReadOnlyList<string> Classes => listing.Classes;

    public IReadOnlyList<int> Labels { get; } = Array.ConvertAll(files, file => file.Label);

    public string NameOf(int index) => files[index].Path;

    public RgbImage Read(int index) => ImageDecoder.Decode(listing.FullPath(files[index]));

    public void Dispose() { }
}
