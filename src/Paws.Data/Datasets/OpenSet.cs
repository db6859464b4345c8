namespace Paws.Data.Datasets;

/// <summary>
/// Makes an open-set data set of a closed one: its first classes stay known, the training images of all others lose their class, and
/// the test images of all others are left out.
/// </summary>
public static class OpenSet
{
    /// <summary>The same training images, and test images of the known classes alone. Disposing the result disposes what it came from.</summary>
    /// <param name="data">A data set; images without a class stay so.</param>
    /// <param name="known">How many classes are known, in label order; in [2, number of classes].</param>
    /// <exception cref="DataException">That many classes cannot be known.</exception>
    public static DatasetPair Of(DatasetPair data, int known)
    {
        var classes = data.Train.Classes.Count;
        if (known < 2 || known > classes)
        {
            throw new DataException($"The number of known classes must be in [2, {classes}], got {known}. Set --known to one of these.");
        }

        string[] names = [.. data.Train.Classes.Take(known)];
        var test = Enumerable.Range(0, data.Test.Count).Where(i => data.Test.Labels[i] < known);
        var open = data with
        {
            Train = new Part(data.Train, names, [.. Enumerable.Range(0, data.Train.Count)]),
            Test = new Part(data.Test, names, [.. test]),
        };
        return open with
        {
            Description = $"{data.Description}; {known} of {classes} classes known, {open.WithoutClass} images without a class",
        };
    }

    /// <summary>Some images of a data set, whose labels beyond the known classes become <see cref="IImageDataset.NoClass"/>.</summary>
    private sealed class Part(IImageDataset whole, string[] known, int[] indices) : IImageDataset
    {
        public string Name => whole.Name;

        public int Count => indices.Length;

        public IReadOnlyList<string> Classes => known;

        public IReadOnlyList<int> Labels { get; } =
            Array.ConvertAll(indices, i => whole.Labels[i] < known.Length ? whole.Labels[i] : IImageDataset.NoClass);

        public string NameOf(int index) => whole.NameOf(indices[index]);

        public RgbImage Read(int index) => whole.Read(indices[index]);

        public void Dispose() => whole.Dispose();
    }
}
