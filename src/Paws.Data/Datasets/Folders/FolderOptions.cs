namespace Paws.Data.Datasets.Folders;

/// <summary>How a folder of images is opened.</summary>
public sealed record FolderOptions
{
    /// <summary>Leave out images that cannot be read, and list them, instead of failing.</summary>
    public bool SkipBadImages { get; init; }

    /// <summary>Where decoded images are kept; null takes <see cref="DefaultCacheDirectory"/>.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary>A folder whose decoded images take at most this many bytes is decoded once and cached; in [0, 2³¹ − 1].</summary>
    public long CacheLimit { get; init; } = 2_000_000_000;

    /// <summary>
    /// Decode large images at a half, a quarter or an eighth of their size for random crops, where even the smallest crop that may be
    /// drawn keeps as many pixels as its view has. Concerns JPEG files that are decoded as they are read.
    /// </summary>
    public bool ScaledDecode { get; init; } = true;

    /// <summary>Share of each class that becomes the test set when the folder has none, in (0, 1).</summary>
    public double HoldOut { get; init; } = 0.1;

    /// <summary>Seed of the hold-out.</summary>
    public int Seed { get; init; }

    /// <summary>Name of the data set; null takes the folder's.</summary>
    public string? Name { get; init; }

    /// <summary>Called with (done, total) images while they are decoded, from any thread.</summary>
    public Action<int, int>? Progress { get; init; }

    /// <summary><c>$XDG_CACHE_HOME/paws</c>, or the platform's folder for local application data.</summary>
    public static string DefaultCacheDirectory
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(home))
            {
                home = OperatingSystem.IsWindows()
                    ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            }

            return Path.Combine(home, "paws");
        }
    }

    internal void Validate()
    {
        if (CacheLimit is < 0 or > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(CacheLimit), CacheLimit, "must be in [0, 2147483647]");
        }

        if (!(HoldOut is > 0 and < 1))
        {
            throw new DataException($"The held-out share must be in (0, 1), got {HoldOut}.");
        }
    }
}
