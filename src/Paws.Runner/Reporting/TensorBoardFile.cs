using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Paws.Runner.Reporting;

/// <summary>
/// A TensorBoard event file. TorchSharp's SummaryWriter reopens the file for every number and keeps the time of day as a float
/// (a step of 128 seconds) or as ticks; the format is small enough to write here with exact times and a buffer.
/// A record is: length (8 bytes), its checksum, the Event message in protocol-buffer form, its checksum.
/// </summary>
internal sealed class TensorBoardFile : IDisposable
{
    // Field numbers of the messages Event, SessionLog, Summary and Summary.Value.
    private const int EventWallTime = 1,
        EventStep = 2,
        EventFileVersion = 3,
        EventSummary = 5,
        EventSessionLog = 7;
    private const int SessionStatus = 1,
        SessionStart = 1;
    private const int SummaryValue = 1,
        ValueTag = 1,
        ValueSimple = 2;

    private static int filesOfThisProcess;

    private readonly BufferedStream file;

    /// <summary>Starts a new file in the folder. TensorBoard reads all files of a folder, in order of name, as one run.</summary>
    public TensorBoardFile(string folder)
    {
        Directory.CreateDirectory(folder);
        int number = Interlocked.Increment(ref filesOfThisProcess);
        long milliseconds = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        string name = $"events.out.tfevents.{milliseconds / 1000}.{milliseconds % 1000:000}.{Environment.ProcessId}.{number}";
        file = new BufferedStream(new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite));
        Write(0, new Message().Text(EventFileVersion, "brain.Event:2"));
    }

    /// <summary>Tells readers to forget what earlier files of this folder hold from this step on.</summary>
    public void StartSession(long step) =>
        Write(step, new Message().Nested(EventSessionLog, new Message().Integer(SessionStatus, SessionStart)));

    /// <summary>Adds one number.</summary>
    public void Scalar(string tag, double value, long step)
    {
        Message pair = new Message().Text(ValueTag, tag).Single(ValueSimple, (float)value);
        Write(step, new Message().Nested(EventSummary, new Message().Nested(SummaryValue, pair)));
    }

    public void Flush() => file.Flush();

    public void Dispose() => file.Dispose();

    private void Write(long step, Message payload)
    {
        double now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        byte[] data = new Message().Double(EventWallTime, now).Integer(EventStep, step).Append(payload).ToArray();
        Span<byte> length = stackalloc byte[8];
        Span<byte> sum = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        file.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(sum, Checksum(length));
        file.Write(sum);
        file.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(sum, Checksum(data));
        file.Write(sum);
    }

    /// <summary>CRC-32C, rotated right by 15 bits plus a constant, as the record format asks.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    /// <summary>A protocol-buffer message under construction.</summary>
    private sealed class Message
    {
        private readonly MemoryStream bytes = new();

        public byte[] ToArray() => bytes.ToArray();

        public Message Append(Message other)
        {
            bytes.Write(other.ToArray());
            return this;
        }

        public Message Integer(int field, long value)
        {
            Varint((ulong)field << 3);
            Varint((ulong)value);
            return this;
        }

        public Message Double(int field, double value)
        {
            Varint((ulong)field << 3 | 1);
            bytes.Write(BitConverter.GetBytes(value));
            return this;
        }

        public Message Single(int field, float value)
        {
            Varint((ulong)field << 3 | 5);
            bytes.Write(BitConverter.GetBytes(value));
            return this;
        }

        public Message Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public Message Nested(int field, Message value) => Bytes(field, value.ToArray());

        private Message Bytes(int field, byte[] value)
        {
            Varint((ulong)field << 3 | 2);
            Varint((ulong)value.Length);
            bytes.Write(value);
            return this;
        }

        private void Varint(ulong value)
        {
            for (; value >= 128; value >>= 7)
            {
                bytes.WriteByte((byte)(value | 128));
            }
            bytes.WriteByte((byte)value);
        }
    }
}
