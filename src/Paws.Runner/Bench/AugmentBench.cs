using System.Diagnostics;
using Paws.Data.Augment;
using Paws.Data.Datasets;
using Paws.Data.Loading;
using Paws.Runner.Config;
using Paws.Runner.Training;

namespace Paws.Runner.Bench;

/// <summary>
/// Times the making of views on one thread: two large and six small ones of each image, as in training, written where a batch lies.
/// CIFAR-10's images are decoded beforehand; ImageNet's are JPEG files in memory, and decoding them is part of the work.
/// </summary>
internal sealed class AugmentBench : IDisposable
{
    private const int LargeViews = 2;
    private const int SmallViews = 6;
    private const int BatchImages = 64;
    private const int Seed = 0;

    private readonly IImageDataset images;
    private readonly PixelType type;
    private readonly ViewWriter writer = new();
    private readonly MemoryPool pool = new(bytes => new NativeBatchMemory(bytes));
    private readonly Recipes recipes;

    /// <summary>Reads image files.</summary>
    /// <param name="kind"><c>cifar10</c> or <c>imagenet</c>.</param>
    /// <param name="folder">Searched for images, folders in it too.</param>
    /// <param name="count">How many images, the first by name.</param>
    /// <param name="type">Type of the pixels written.</param>
    /// <param name="scaledDecode">See <see cref="DataSection.ScaledDecode"/>.</param>
    /// <exception cref="UserErrorException">The kind is unknown, or there are no images.</exception>
    public AugmentBench(string kind, string folder, int count, PixelType type, bool scaledDecode)
    {
        recipes = RecipesOf(kind);
        this.type = type;
        if (!Directory.Exists(folder))
        {
            throw new UserErrorException($"the folder {folder} does not exist");
        }
        string[] names =
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(ImageDecoder.IsImage)
                .Order(StringComparer.Ordinal)
                .Take(count),
        ];
        if (names.Length == 0)
        {
            throw new UserErrorException($"{folder} holds no image files");
        }
        var files = new EncodedImages(names, Array.ConvertAll(names, ImageDecoder.ReadFile), scaledDecode);
        images = kind == "cifar10" ? files.Decoded() : files;
    }

    /// <summary>Images of a pass.</summary>
    public int Images => images.Count;

    /// <summary>Views of each image.</summary>
    public static int Views => LargeViews + SmallViews;

    /// <summary>The recipes of a data set: those that training takes.</summary>
    /// <exception cref="UserErrorException">The kind is unknown.</exception>
    public static Recipes RecipesOf(string kind)
    {
        double strength = kind switch
        {
            "cifar10" => 0.5,
            "imagenet" => 1,
            _ => throw new UserErrorException($"unknown recipe {kind}; give cifar10 or imagenet"),
        };
        var config = new PawsConfig
        {
            Data = new DataSection { Dataset = kind, ColorJitterStrength = strength },
        };
        return new Recipes(DatasetDefaults.Resolve(config));
    }

    /// <summary>All views of all images, once.</summary>
    /// <param name="number">Which pass: views of another pass look different.</param>
    /// <returns>Seconds.</returns>
    /// <exception cref="Paws.Data.DataException">An image does not decode.</exception>
    public double Pass(int number)
    {
        var start = Stopwatch.GetTimestamp();
        for (int first = 0; first < images.Count; first += BatchImages)
        {
            var samples = Enumerable.Range(first, Math.Min(BatchImages, images.Count - first));
            var work = new BatchWork(
                new BatchPlan(number, 0, [Group(recipes.Large, 0, LargeViews), Group(recipes.Small, LargeViews, SmallViews)], []),
                type,
                Seed,
                pool
            );
            while (!work.Done)
            {
                work.FillSome(images, writer);
            }
            foreach (var memory in work.Memory)
            {
                pool.Return(memory);
            }
            if (work.Failure is not null)
            {
                throw work.Failure;
            }
            BatchGroup Group(ViewRecipe recipe, int firstView, int views) =>
                new(
                    recipe,
                    [.. from view in Enumerable.Range(firstView, views) from sample in samples select new BatchRow(sample, view, number)]
                );
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        pool.Dispose();
        images.Dispose();
    }
}
