namespace Paws.Data.Datasets.Folders;

/// <summary>Disposes one resource when the last of those who share it is disposed.</summary>
internal sealed class SharedOwner(IDisposable? resource)
{
    private int shares;

    /// <summary>One more share; disposing it twice counts once.</summary>
    public IDisposable Share()
    {
        Interlocked.Increment(ref shares);
        return new Holder(this);
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref shares) == 0)
        {
            resource?.Dispose();
        }
    }

    private sealed class Holder(SharedOwner owner) : IDisposable
    {
        private SharedOwner? held = owner;

        public void Dispose() => Interlocked.Exchange(ref held, null)?.Release();
    }
}
