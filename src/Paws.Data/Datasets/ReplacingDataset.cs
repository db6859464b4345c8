using System.Collections.Concurrent;
using Paws.Data.Augment;

namespace Paws.Data.Datasets;

/// <summary>
/// A data set in which an image that turns out to be unreadable is replaced by another of its class: a labeled one by a labeled one, an
/// image without a class by another without. Which one is a function of seed and image alone, so it is the same on all ranks, on all
/// threads and after a resume.
/// </summary>
public sealed class ReplacingDataset : IImageDataset
{
    /// <summary>The share of the images that may be replaced; one image always may.</summary>
    public const double MostReplaced = 0.01;

    private const ulong Purpose = 100;

    private readonly IImageDataset whole;
    private readonly ulong seed;
    private readonly Action<SkippedImage>? replaced;
    private readonly int most;
    private readonly ConcurrentDictionary<int, string> bad = [];
    private readonly Lazy<Dictionary<(int Label, bool Labeled), int[]>> alike;
    private readonly HashSet<int> labeled;

    /// <param name="whole">The images; disposed with this.</param>
    /// <param name="labeled">Indices of the images whose label is used.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="replaced">Told each image that is replaced, once, from any thread.</param>
    public ReplacingDataset(IImageDataset whole, IEnumerable<int> labeled, ulong seed, Action<SkippedImage>? replaced = null)
    {
        (this.whole, this.seed, this.replaced, this.labeled) = (whole, seed, replaced, [.. labeled]);
        most = Math.Max(1, (int)Math.Ceiling(MostReplaced * whole.Count));
        alike = new(() =>
            Enumerable
                .Range(0, whole.Count)
                .GroupBy(i => (whole.Labels[i], this.labeled.Contains(i)))
                .ToDictionary(group => group.Key, group => group.ToArray())
        );
    }

    /// <inheritdoc />
    public string Name => whole.Name;

    /// <inheritdoc />
    public int Count => whole.Count;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => whole.Classes;

    /// <inheritdoc />
    public IReadOnlyList<int> Labels => whole.Labels;

    /// <summary>How many images have been replaced so far.</summary>
    public int Replaced => bad.Count;

    /// <inheritdoc />
    public string NameOf(int index) => whole.NameOf(index);

    /// <inheritdoc />
    public RgbImage Read(int index) => Read(index, static (images, at) => images.Read(at));

    /// <summary>Reads an image, or the one in its place, in a way of the caller's own.</summary>
    /// <param name="index">The image asked for.</param>
    /// <param name="read">From the images as they are, and the index of one of them.</param>
    internal T Read<T>(int index, Func<IImageDataset, int, T> read)
        where T : allows ref struct
    {
        while (true)
        {
            var at = InPlaceOf(index);
            try
            {
                return read(whole, at);
            }
            catch (DataException why) when (why.Image is not null)
            {
                Replace(at, why.Image);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => whole.Dispose();

    /// <summary>The image to read for an index: itself, unless it is known to be unreadable.</summary>
    /// <exception cref="DataException">No other image like it can be read.</exception>
    private int InPlaceOf(int index)
    {
        if (!bad.TryGetValue(index, out var problem))
        {
            return index;
        }
        var others = alike.Value[(whole.Labels[index], labeled.Contains(index))];
        // Draws go on until one is good; each is a function of its number, so what is found does not depend on what was known when.
        for (var draw = 0; draw < 100 * others.Length; draw++)
        {
            var other = others[ViewRandom.For(seed, Purpose, index, draw).NextBelow(others.Length)];
            if (!bad.ContainsKey(other))
            {
                return other;
            }
        }
        var (what, label) = (labeled.Contains(index) ? "labeled image" : "image", whole.Labels[index]);
        var kind = label == IImageDataset.NoClass ? "without a class" : $"of class {whole.Classes[label]}";
        throw new DataException(
            $"{whole.NameOf(index)} cannot be read: {problem}; there is no other {what} {kind} to take its place. Put a good copy in its place."
        );
    }

    /// <summary>Takes note that an image cannot be read.</summary>
    /// <exception cref="DataException">Too many cannot.</exception>
    private void Replace(int index, SkippedImage why)
    {
        if (!bad.TryAdd(index, why.Reason))
        {
            return;
        }
        if (bad.Count > most)
        {
            throw new DataException(
                FormattableString.Invariant($"{bad.Count} of {Count} images cannot be read, more than {MostReplaced:P0}, the last ")
                    + $"{why.Name} ({why.Reason}). Put good copies in their places."
            );
        }
        replaced?.Invoke(new(whole.NameOf(index), why.Reason));
    }
}
