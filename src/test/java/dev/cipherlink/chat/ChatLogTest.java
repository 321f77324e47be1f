package dev.cipherlink.chat;

class ChatLogTest extends ChatLogContract {

    @Override
    protected ChatRecords records() {
        return ChatRecords.NONE;
    }
}
