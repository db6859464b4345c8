using Paws.Data.Datasets.Folders;

namespace Paws.Data.Datasets;

/// <summary>Opens any data set from a request, recognising what lies in a folder.</summary>
public static class DatasetOpener
{
    /// <summary>Opens training and test images.</summary>
    /// <param name="request">Which, and how.</param>
    /// <param name="progress">Called with (done, total) images while they are decoded, from any thread.</param>
    /// <param name="notice">Told what is done differently from what is usual, and what is waited for; one line each.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">The data is not there, or not usable; the message says what to do.</exception>
    public static DatasetPair Open(
        DatasetRequest request,
        Action<int, int>? progress = null,
        Action<string>? notice = null,
        CancellationToken cancellation = default
    )
    {
        if (request.Kind == DatasetKind.Shapes || (request.Kind == DatasetKind.Auto && request.Root is null))
        {
            return BuiltInShapes.Open(request.ShapesTrain, request.ShapesTest, request.Seed, request.Shapes);
        }

        var root = request.Root ?? throw new DataException("The folder of the images is not named. Pass --data DIR or set data.root_path.");
        if (request.Kind is DatasetKind.Auto or DatasetKind.Cifar10 && Cifar10Binary.IsIn(root))
        {
            return Abandonable.Run(() => Cifar10Binary.Open(root), cancellation);
        }

        RefuseUnsupported(root);
        return ImageFolder.Open(
            root,
            new FolderOptions
            {
                SkipBadImages = request.SkipBadImages && !request.KeepBadImages,
                KeepBadImages = request.KeepBadImages,
                ScaledDecode = request.ScaledDecode,
                CacheDirectory = request.CacheDirectory,
                HoldOut = request.HoldOut,
                Seed = request.Seed,
                Name = request.Kind switch
                {
                    DatasetKind.Cifar10 => "cifar10",
                    DatasetKind.ImageNet => "imagenet",
                    _ => null,
                },
                Progress = progress,
                Notice = notice,
                Cancellation = cancellation,
            }
        );
    }

    /// <summary>Reads every image of a data set, in parallel, and lists those that cannot be read.</summary>
    public static IReadOnlyList<SkippedImage> Verify(
        IImageDataset dataset,
        Action<int, int>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var steps = new Steps(dataset.Count, progress);
        var problems = new SkippedImage?[dataset.Count];
        Parallel.For(
            0,
            dataset.Count,
            new ParallelOptions { CancellationToken = cancellation },
            i =>
            {
                try
                {
                    dataset.Read(i);
                }
                catch (DataException error)
                {
                    problems[i] = new(dataset.NameOf(i), error.Message);
                }

                steps.Advance();
            }
        );
        return [.. problems.OfType<SkippedImage>()];
    }

    private static void RefuseUnsupported(string root)
    {
        if (File.Exists(Path.Combine(root, "data_batch_1")) || Directory.Exists(Path.Combine(root, "cifar-10-batches-py")))
        {
            throw new DataException(
                $"{Path.GetFullPath(root)} holds CIFAR-10 as Python pickles. Unpack the binary version, cifar-10-binary.tar.gz, instead."
            );
        }
    }
}
