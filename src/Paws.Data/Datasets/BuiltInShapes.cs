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
    /// <summary>Both parts. An image is drawn when it is first read, so that training need not wait for all of them.</summary>
    /// <param name="train">Number of training images, at least 10.</param>
    /// <param name="test">Number of test images, at least 10.</param>
    /// <param name="seed">Seed of the images.</param>
    /// <param name="options">Difficulty; null takes the default.</param>
    /// <exception cref="DataException">Too few images.</exception>
    /// <exception cref="ArgumentException">An impossible number of objects.</exception>
    public static DatasetPair Open(int train = 5000, int test = 1000, int seed = 0, ShapesOptions? options = null)
    {
        options ??= new();
        if (options.Members is not (>= 1, <= 4) || options.Members.Least > options.Members.Most)
        {
            throw new ArgumentException($"an image has 1 to 4 objects, got {options.Members}", nameof(options));
        }
        return new(
            new DrawnDataset("train", 0, train, seed, options),
            new DrawnDataset("test", 1, test, seed, options),
            $"built-in shapes: {train} training and {test} test images drawn with seed {seed}",
            []
        );
    }
}
