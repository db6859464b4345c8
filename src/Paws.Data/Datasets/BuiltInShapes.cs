using Paws.Data.Datasets.Shapes;

namespace Paws.Data.Datasets;

/// <summary>
/// The built-in data set: ten classes of drawn shapes, several to an image, 32×32, on cluttered backgrounds. Image i of a part is a
/// pure function of (seed, part, i) and the options, the same on every machine; the classes take turns, so every multiple of ten
/// is balanced.
/// Colour says nothing about the class.
/// </summary>
public static class BuiltInShapes
{
    /// <summary>Draws both parts on all cores.</summary>
    /// <param name="train">Number of training images, at least 10.</param>
    /// <param name="test">Number of test images, at least 10.</param>
    /// <param name="seed">Seed of the images.</param>
    /// <param name="options">Difficulty; null takes the default.</param>
    /// <param name="threads">Threads to draw with; 0 takes all cores. The images do not depend on it.</param>
    /// <exception cref="DataException">Too few images.</exception>
    /// <exception cref="ArgumentException">An impossible number of objects.</exception>
    public static DatasetPair Open(int train = 5000, int test = 1000, int seed = 0, ShapesOptions? options = null, int threads = 0)
    {
        options ??= new();
        if (options.Members is not (>= 1, <= 4) || options.Members.Least > options.Members.Most)
        {
            throw new ArgumentException($"an image has 1 to 4 objects, got {options.Members}", nameof(options));
        }
        return new(
            Draw(0, train, seed, options, threads),
            Draw(1, test, seed, options, threads),
            $"built-in shapes: {train} training and {test} test images drawn with seed {seed}",
            []
        );
    }

    private static PackedDataset Draw(int part, int count, int seed, ShapesOptions options, int threads)
    {
        const int size = Canvas.Size;
        const int bytes = size * size * 3;
        var classes = Silhouette.Names.Length;
        if (count < classes || count > int.MaxValue / bytes)
        {
            throw new DataException(
                $"The built-in shapes need between {classes} and {int.MaxValue / bytes} images a part, got {count}. "
                    + "Set data.shapes_train and data.shapes_test."
            );
        }

        var pixels = GC.AllocateUninitializedArray<byte>(count * bytes);
        var labels = new int[count];
        Parallel.For(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : -1 },
            () => new Canvas(),
            (i, _, canvas) =>
            {
                labels[i] = i % classes;
                Scene.Draw(canvas, labels[i], new SplitMix(seed, part, i), options, pixels.AsSpan(i * bytes, bytes));
                return canvas;
            },
            _ => { }
        );
        var name = part == 0 ? "train" : "test";
        return new("shapes", Silhouette.Names, labels, pixels, size, size, i => $"{name}/{Silhouette.Names[labels[i]]}/{i:D5}.png");
    }
}
