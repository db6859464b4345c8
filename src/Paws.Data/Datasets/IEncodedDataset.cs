namespace Paws.Data.Datasets;

/// <summary>
/// A data set whose images are decoded each time they are read. The loader takes the files themselves, so that it may decode only
/// what its views need, into memory of the thread that makes them.
/// </summary>
internal interface IEncodedDataset : IImageDataset
{
    /// <summary>Whether large images may be decoded at a half, a quarter or an eighth of their size where no view loses by it.</summary>
    bool ScaledDecode { get; }

    /// <summary>The bytes of an image file.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    byte[] ReadFile(int index);

    /// <summary>What to throw where a file does not decode.</summary>
    DataException Unreadable(int index, string problem);
}
