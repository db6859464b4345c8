using Paws.Data.Datasets.Folders;

namespace Paws.Data.Datasets;

/// <summary>
/// A folder of class folders with images, or <c>train</c> and <c>test</c> (or <c>val</c>) folders of such; <see cref="FolderLayout"/>
/// knows by which names these go. Beside the class folders, or beside <c>train</c>, a folder <c>unlabeled</c> may hold images of no
/// known class, in folders or not: they join the training images, after all others, with the label
/// <see cref="IImageDataset.NoClass"/>. Small sets are decoded once into a cache file that is mapped into memory; large ones are
/// decoded as they are read.
/// </summary>
public static class ImageFolder
{
    /// <summary>The folder of images without a class; no class can be named so.</summary>
    public const string UnlabeledFolder = "unlabeled";

    /// <summary>Opens a folder. Without a test folder, a stratified share of each class is held out by seed.</summary>
    /// <exception cref="DataException">The folder is not as described, or holds images that cannot be read and are not to be skipped.</exception>
    public static DatasetPair Open(string root, FolderOptions? options = null)
    {
        options ??= new();
        options.Validate();
        var listing = Abandonable.Run(() => FolderListing.Scan(root), options.Cancellation);
        var name = options.Name ?? KnownName(listing);
        var cache = new FolderCache(listing, options).Open();
        try
        {
            var skipped = options.KeepBadImages ? [] : BadImages(listing, cache);
            if (skipped.Count > 0 && !options.SkipBadImages)
            {
                var others = skipped.Count == 1 ? "" : $" (and {skipped.Count - 1} more like it)";
                throw DataException.Unreadable(new(skipped[0].Name, skipped[0].Reason + others));
            }

            var good = Enumerable
                .Range(0, listing.Files.Length)
                .Where(i => options.KeepBadImages || cache is null || cache.Images[i].Width > 0)
                .ToArray();
            var isTest = TestImages(listing, good, options);
            RequireEveryClass(listing, good, isTest);
            var owner = new SharedOwner(cache);
            var train = Part(name, listing, options, cache, owner, [.. good.Where((_, i) => !isTest[i])]);
            var test = Part(name, listing, options, cache, owner, [.. good.Where((_, i) => isTest[i])]);
            if (cache is { HasPixels: false })
            {
                ((IDisposable)cache).Dispose();
            }

            var opened = new DatasetPair(train, test, "", skipped) { Layout = listing.Layout };
            return opened with { Description = Describe(listing, options, opened.WithoutClass) };
        }
        catch
        {
            (cache as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Width and height of the first training images of a folder, in the order of its listing, from their headers alone; (0, 0) where a
    /// header cannot be read.
    /// </summary>
    /// <exception cref="DataException">The folder is not as described.</exception>
    public static IReadOnlyList<(int Width, int Height)> FirstSizes(string root, int count)
    {
        var listing = FolderListing.Scan(root);
        return [.. listing.Files.Where(file => !file.IsTest).Take(count).Select(file => ImageDecoder.ReadSize(listing.FullPath(file)))];
    }

    /// <summary>A set is known by its class names where they are telling, else by its folder's name.</summary>
    private static string KnownName(FolderListing listing) =>
        listing.Classes.SequenceEqual(Cifar10Binary.ClassNames) ? "cifar10"
        : listing.Classes.All(name => name.Length == 9 && name[0] == 'n' && name.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0)
            ? "imagenet"
        : Path.GetFileName(listing.Root);

    private static List<SkippedImage> BadImages(FolderListing listing, CacheFile? cache)
    {
        var bad = new List<SkippedImage>();
        for (var i = 0; i < (cache?.Count ?? 0); i++)
        {
            if (cache!.Images[i].Width == 0)
            {
                var path = listing.FullPath(listing.Files[i]);
                bad.Add(new(path, ImageDecoder.TryDecode(path, null, out _) ?? "it could not be read before"));
            }
        }

        return bad;
    }

    private static bool[] TestImages(FolderListing listing, int[] good, FolderOptions options) =>
        listing.Layout.Test is null
            ? HoldOut.Choose(Array.ConvertAll(good, i => listing.Files[i].Label), listing.Classes, options.HoldOut, options.Seed)
            : Array.ConvertAll(good, i => listing.Files[i].IsTest);

    private static void RequireEveryClass(FolderListing listing, int[] good, bool[] isTest)
    {
        var seen = good.Where((_, i) => !isTest[i]).Select(i => listing.Files[i].Label).ToHashSet();
        if (Enumerable.Range(0, listing.Classes.Count).Except(seen).Select(label => listing.Classes[label]).FirstOrDefault() is { } missing)
        {
            throw new DataException($"No image of class {missing} in {listing.Root} can be read. Replace them, or delete the class.");
        }
    }

    private static IImageDataset Part(
        string name,
        FolderListing listing,
        FolderOptions options,
        CacheFile? cache,
        SharedOwner owner,
        int[] indices
    )
    {
        var files = Array.ConvertAll(indices, i => listing.Files[i]);
        return cache is { HasPixels: true }
            ? new PackedDataset(
                name,
                listing.Classes,
                Array.ConvertAll(files, file => file.Label),
                cache.Memory,
                Array.ConvertAll(indices, i => cache.Images[i]),
                i => files[i].Path,
                owner.Share()
            )
            : new OnDemandDataset(name, listing, files, options.ScaledDecode);
    }

    /// <summary>What was found, how it was split, and which folders that look like parts are not used.</summary>
    private static string Describe(FolderListing listing, FolderOptions options, int withoutClass)
    {
        var parts =
            listing.Layout.SplitInWords
            ?? FormattableString.Invariant($"{options.HoldOut:P0} of each class held out for testing (seed {options.Seed})");
        var unused = string.Concat(
            listing.Layout.Unused.Where(folder => folder.IsSplit).Select(folder => $"; {folder.Name} is not used: {folder.Why}")
        );
        return $"{listing.Root}: {parts}{unused}"
            + withoutClass switch
            {
                0 => "",
                1 => "; 1 image without a class",
                _ => $"; {withoutClass} images without a class",
            };
    }
}
