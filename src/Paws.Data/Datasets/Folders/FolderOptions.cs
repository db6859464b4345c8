using System.Globalization;

namespace Paws.Data.Datasets.Folders;

/// <summary>How a folder of images is opened.</summary>
public sealed record FolderOptions
{
    /// <summary>Leave out images that cannot be read, and list them, instead of failing.</summary>
    public bool SkipBadImages { get; init; }

    /// <summary>
    /// Keep images that cannot be read in the listing, so that every index stays what it was when all could be read; reading one fails.
    /// See <see cref="ReplacingDataset"/>. Overrules <see cref="SkipBadImages"/>.
    /// </summary>
    public bool KeepBadImages { get; init; }

    /// <summary>
    /// Where decoded images are kept; null takes <see cref="DefaultCacheDirectory"/>, or memory alone where nothing can be written there.
    /// </summary>
    public string? CacheDirectory { get; init; }

    /// <summary>A folder whose decoded images take at most this many bytes is decoded once and cached; in [0, 2³¹ − 1].</summary>
    public long CacheLimit { get; init; } = DefaultCacheLimit;

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

    /// <summary>Told what is done differently from what is usual, and what is waited for; one line each.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Asks to stop.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The variable that names the cache's folder, or turns the cache off.</summary>
    public const string CacheVariable = "PAWS_CACHE";

    /// <summary>The variable that says how many bytes of decoded images are kept at most.</summary>
    public const string LimitVariable = "PAWS_CACHE_LIMIT";

    /// <summary><c>$PAWS_CACHE_LIMIT</c>, or 2 GB.</summary>
    private static long DefaultCacheLimit =>
        Environment.GetEnvironmentVariable(LimitVariable) is not { Length: > 0 } given ? 2_000_000_000
        : int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes
        : throw new DataException($"{LimitVariable} is a number of bytes, at most {int.MaxValue}, got {given}.");

    /// <summary>Whether <see cref="CacheVariable"/> asks for no cache.</summary>
    public static bool CacheIsOff => Environment.GetEnvironmentVariable(CacheVariable) is "off";

    /// <summary>
    /// <c>$PAWS_CACHE</c>, <c>$XDG_CACHE_HOME/paws</c>, or the platform's folder for local application data; null where there is none, or
    /// where <c>$PAWS_CACHE</c> is <c>off</c>.
    /// </summary>
    public static string? DefaultCacheDirectory
    {
        get
        {
            if (Environment.GetEnvironmentVariable(CacheVariable) is { Length: > 0 } named)
            {
                return CacheIsOff ? null : Path.GetFullPath(named);
            }

            var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(home))
            {
                home =
                    OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                    : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } user
                        ? Path.Combine(user, ".cache")
                    : "";
            }
            // No home: a path that is not rooted would be one in the current folder.
            if (!Path.IsPathRooted(home))
            {
                return null;
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
